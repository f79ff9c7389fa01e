"""A city to measure in: an instance of its own with unit grids, components, cases and people."""

import http.client
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import django
import psycopg
import redis

from benchmarks.measuring import backends, with_children
from tests.launcher import Instance, PrivateRedis, connect

REGION, NODE = "330100000000", "330100000000-C"
CITY = ("municipal", REGION, NODE)
NATION = ("national", "000000000000", "000000000000-N")
COMMUNITY = "330102001001"
WEST, SOUTH, STEP = 120.0, 30.0, 0.001
"""South-western corner of the ground and the width of a unit grid, in degrees (about 100 m)."""
PASSWORD = "cityops-demo-2026"  # of the demo people; a benchmark runs on a database that is thrown away

GRIDS = """
INSERT INTO grid_unitgrid ({columns}) SELECT {values}
FROM (SELECT n, n / %(side)s AS r, n %% %(side)s AS c FROM generate_series(0, %(count)s - 1) n) cells,
LATERAL (SELECT ST_Segmentize(ST_SetSRID(ST_MakeEnvelope(%(west)s + c * %(step)s, %(south)s + r * %(step)s,
    %(west)s + (c + 1) * %(step)s, %(south)s + (r + 1) * %(step)s), 4490), %(step)s / 7.0) AS g) shape
"""


class Standalone(Instance):
    """The instance with the Redis that is its own."""

    def __init__(self, server: PrivateRedis, place: tuple[str, str, str] = CITY) -> None:
        """``place``: tier, region and node."""
        super().__init__(*place, redis=server, CITYOPS_API_RATE="1000000/min")
        self.server = server

    def forget(self) -> None:
        """Empty the cache."""
        redis.Redis.from_url(self.server.url).flushdb()

    def set_up_django(self) -> None:
        """Let this process work as a part of the instance; once per process."""
        os.environ.update(self.env)
        django.setup()

    def new_token(self, username: str) -> str:
        """A token of a person that reads and writes, after ``set_up_django``."""
        from cityops.accounts.authentication import digest_of
        from cityops.accounts.models import ApiToken, User

        text = f"cityops_{secrets.token_urlsafe(32)}"
        ApiToken.objects.create(
            user=User.objects.get(username=username),
            name="benchmark",
            prefix=text[:8],
            digest=digest_of(text),
            scopes=["read", "write"],
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
        return text


@contextmanager
def city(grids: int) -> Iterator[Standalone]:
    """A city with ``grids`` square unit grids of 29 corners, as many rows as columns."""
    with PrivateRedis() as server, Standalone(server) as here:
        here.create()
        with here.connect() as connection:
            connection.execute(
                "INSERT INTO sync_self (id, node_code, epoch, system_identifier) VALUES (1, %s, 1, '')", [NODE]
            )
        here.manage("seed_demo")
        draw_grids(here, grids)
        yield here


def draw_grids(here: Instance, count: int) -> None:
    """Fill the ground of one street with square cells, 900 to a community."""
    side = round(count**0.5)
    street = COMMUNITY[:9]
    code = f"('{street}' || lpad((n / 900 + 1)::text, 3, '0') || lpad((n %% 900 + 1)::text, 3, '0'))"
    columns = {
        "rid": "gen_random_uuid()",
        "origin_code": f"'{NODE}'",
        "grid_code": code,
        "name": "''",
        "division_code": f"left({code}, 12)",
        "geom": "g",
        "status": "'1'",
    }
    with here.connect() as connection:
        fill_columns(connection, "grid_unitgrid", columns)
        statement = GRIDS.format(columns=", ".join(columns), values=", ".join(columns.values()))
        values = {"side": side, "count": side * side, "west": WEST, "south": SOUTH, "step": STEP}
        connection.execute(statement, values)
        connection.execute("ANALYZE")


def fill_columns(connection: psycopg.Connection[Any], table: str, columns: dict[str, str]) -> None:
    """Add every other stored column of a table that must not be empty, with a value of its type."""
    rows = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'NO' "
        "AND is_generated = 'NEVER' AND column_default IS NULL AND is_identity = 'NO'",
        [table],
    )
    plain = {
        "boolean": "false",
        "date": "current_date",
        "timestamp with time zone": "now()",
        "jsonb": "'{}'::jsonb",
        "character varying": "''",
        "text": "''",
        "bytea": "''::bytea",
    }
    for name, kind in rows:
        columns.setdefault(name, plain.get(kind, "1"))


@contextmanager
def filling(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Fill a table with very many rows: triggers rest, and indexes that guard nothing are built at the end."""
    rows = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "WHERE i.indrelid = %s::regclass AND NOT i.indisunique",
        [table],
    ).fetchall()
    connection.execute("SET session_replication_role = replica")
    for name, _ in rows:
        connection.execute(f"DROP INDEX {name}")
    yield
    connection.execute("SET session_replication_role = origin")
    for _, definition in rows:
        connection.execute(definition)
    connection.execute(f"VACUUM ANALYZE {table}")


class Browser:
    """A signed-in person with one connection that stays open."""

    def __init__(self, here: Instance, username: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", here.port)
        self.headers: dict[str, str] = {}
        page, cookies = self.get("/sign-in/")
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise RuntimeError("The sign-in page has no form.")
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token[1].decode()}
        self.headers["Cookie"] = cookies
        self.headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("POST", "/sign-in/", urlencode(form), self.headers)
        answer = self._connection.getresponse()
        answer.read()
        self.headers = {"Cookie": _cookies(answer)}
        if answer.status != 302:
            raise RuntimeError(f"{username} could not sign in: {answer.status}")

    def get(self, path: str) -> tuple[bytes, str]:
        """The body of a page and the cookies it sets. Raises RuntimeError for what is not 2xx."""
        answer = ask(self._connection, "GET", path, None, self.headers)
        body = answer.read()
        if answer.status not in (200, 204):
            raise RuntimeError(f"GET {path}: {answer.status}")
        return body, _cookies(answer)


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: str | None, headers: dict[str, str]
) -> http.client.HTTPResponse:
    """One request; once more where the server had closed the idle connection."""
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse()
    except ConnectionError:
        connection.close()
        connection.request(method, path, body, headers)
        return connection.getresponse()


def _cookies(answer: http.client.HTTPResponse) -> str:
    return "; ".join(value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")


def pids_of(*instances: Instance) -> list[int]:
    """Everybody whose CPU counts: processes, their children, database connections, Redis."""
    found = [pid for here in instances for process in here.processes.values() for pid in with_children(process.pid)]
    found += [here.server.process.pid for here in instances if isinstance(here, Standalone)]
    with connect() as connection:
        return found + backends(connection, *(here.database for here in instances))
