"""Four nodes, joined as operators join them, ready to be put back to that moment."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.exchange.services import enrolment, running
from tests.chaos.nodes import (
    CITY_A,
    CITY_B,
    FIRST_PORT,
    NATION,
    PARENT,
    PROVINCE,
    Node,
    Snapshot,
    copy_database,
    drop_database,
    fresh_name,
    plain,
    start,
)
from tests.chaos.wire import Network
from tests.launcher import SOURCE_FOLDERS, database_url, run_manage

Joined = tuple[Network, dict[str, Snapshot]]
ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "cityops_chaos_template_"
ALL = (NATION, PROVINCE, CITY_A, CITY_B)


def migrated_template() -> str:
    """Name of a database with all migrations applied, and nothing in it; made once for each state of the code."""
    sources = sorted(path for top in SOURCE_FOLDERS for path in (ROOT / top).glob("**/migrations/*.py"))
    family = TEMPLATE + hashlib.sha256(str(ROOT).encode()).hexdigest()[:8] + "_"
    name = family + hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:10]
    with plain("postgres") as server:
        known = [
            row[0] for row in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [family])
        ]
        if name not in known:
            for old in known:
                server.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{name}_making"')
            run_manage("migrate", "--verbosity", "0", env={"DATABASE_URL": database_url(f"{name}_making")})
            server.execute(f'ALTER DATABASE "{name}_making" RENAME TO "{name}"')
    return name


def join(child: Node, parent: Node) -> None:
    """Enrol a child: the code, the request, the welcome, the approval."""
    with parent.active():
        code = enrolment.make_code(child.code)
    with child.active():
        body, headers = enrolment.asking(code)
    with parent.active():
        answer, proof = enrolment.take_asking(
            body, proof=headers["CityOps-Proof"], signature=headers["CityOps-Signature"], address="127.0.0.1"
        )
    with child.active():
        enrolment.take_welcome(answer, proof=proof["CityOps-Proof"], code=code, parent_url=parent.base_url)
    with parent.active():
        enrolment.approve(child.code, by="operator")


def work(node: Node) -> running.Slice:
    """One slice of a node, whatever pause it had chosen after a failure."""
    node.raw.execute("UPDATE sync_link SET retry_at = NULL WHERE retry_at IS NOT NULL")
    with node.active():
        return running.run_slice(60)


@contextmanager
def joined_nodes(
    source: str, folder: Path, codes: tuple[str, ...] = ALL
) -> Iterator[tuple[Network, dict[str, Snapshot]]]:
    """Nodes made from a migrated database, joined and at rest, with a backup of each."""
    prefix = fresh_name("chaos")
    nodes = {}
    try:
        for number, code in enumerate(codes):
            name = f"{prefix}_{code[-1].lower()}{code[:4]}"
            copy_database(source, name)
            nodes[code] = Node(code, name, folder / code, FIRST_PORT + number)
        network = Network(nodes)
        with network.joined():
            for node in nodes.values():
                start(node)
            for code in codes:
                if PARENT.get(code) in nodes:
                    join(nodes[code], nodes[PARENT[code]])
            for _round in range(6):
                for node in reversed(nodes.values()):
                    work(node)
            network.captured.clear()
            yield network, {code: node.backup() for code, node in nodes.items()}
    finally:
        for node in nodes.values():
            node.close()
            drop_database(node.database)
        shutil.rmtree(folder, ignore_errors=True)
