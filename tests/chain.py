"""City, province and nation joined on loopback: three instances, each its own database; web servers for the parents."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from tests.launcher import Instance, PrivateRedis

Place = tuple[str, str, str]
PLACES: tuple[Place, ...] = (
    ("national", "000000000000", "000000000000-N"),
    ("provincial", "330000000000", "330000000000-P"),
    ("municipal", "330100000000", "330100000000-C"),
)
FEW_DIVISIONS = """
DELETE FROM regions_division
WHERE level > 2 AND NOT (code LIKE '33%' AND level <= 4) AND NOT starts_with(code, '330102')
"""
"""Leaves the provinces, 浙江 down to its counties, one county whole: dictionaries travel in a second, not in ten."""
Answer = TypeVar("Answer")


def at_all(instances: list[Instance], work: Callable[[Instance], Answer]) -> list[Answer]:
    """Do the same at several instances at once; the answers in their order."""
    with ThreadPoolExecutor(len(instances)) as pool:
        return list(pool.map(work, instances))


def join(child: Instance, parent: Instance) -> None:
    """Enrol a child at its parent, as two operators do it: a one-time code, the request, the approval."""
    code = parent.manage("enrolment_code", child.node).split()[-1]
    child.manage("join", parent.base_url, code)
    parent.manage("approve_join", child.node)


@contextmanager
def chain(
    places: tuple[Place, ...] = PLACES,
    *,
    redis: PrivateRedis | None = None,
    upper: PrivateRedis | None = None,
    **settings: str,
) -> Iterator[list[Instance]]:
    """The instances of ``places`` from the top down, each joined to the one before.

    The last one uses ``redis``, the others ``upper``; where none is given, one of their own. The parents' web servers
    run.
    """
    with ExitStack() as stack:
        server = redis or stack.enter_context(PrivateRedis())
        found: list[Instance] = []
        for tier, region, node in places:
            parent = found[-1] if found else None
            chosen = server if (tier, region, node) == places[-1] else upper or server
            found.append(stack.enter_context(Instance(tier, region, node, parent, redis=chosen, **settings)))
        at_all(found, lambda one: _begin(one, is_parent=one is not found[-1]))
        at_all(found[1:], lambda one: join(one, one.parent))
        yield found


def _begin(instance: Instance, *, is_parent: bool) -> None:
    with instance.connect() as connection:
        connection.execute(FEW_DIVISIONS)
    instance.manage("node_init")
    if is_parent:
        instance.start_web()
