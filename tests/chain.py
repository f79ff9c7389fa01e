"""City, province and nation joined on loopback: three instances, each its own database and web server."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.launcher import Instance, PrivateRedis

PLACES = (
    ("national", "000000000000", "000000000000-N"),
    ("provincial", "330000000000", "330000000000-P"),
    ("municipal", "330100000000", "330100000000-C"),
)


def join(child: Instance, parent: Instance) -> None:
    """Enrol a child at its parent, as two operators do it: a one-time code, the request, the approval."""
    code = parent.manage("enrolment_code", child.node).split()[-1]
    child.manage("join", parent.base_url, code)
    parent.manage("approve_join", child.node)


@contextmanager
def chain(places: Any = PLACES, redis: PrivateRedis | None = None, **settings: str) -> Iterator[list[Instance]]:
    """The instances of ``places`` from the top down, each joined to the one before; their web servers run."""
    with ExitStack() as stack:
        server = redis or stack.enter_context(PrivateRedis())
        found: list[Instance] = []
        for tier, region, node in places:
            parent = found[-1] if found else None
            one = stack.enter_context(Instance(tier, region, node, parent, redis=server, **settings))
            one.manage("node_init")
            one.start_web()
            if parent is not None:
                join(one, parent)
            found.append(one)
        yield found
