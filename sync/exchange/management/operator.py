"""Who acts when a command runs: the account of the operating system."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from cityops.foundation.context import Actor, acting, new_request_id


def operator_name() -> str:
    """Name of the account that runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


@contextmanager
def acting_operator() -> Iterator[Actor]:
    """Act as the operator for the audit trail."""
    with acting(Actor(name=operator_name(), channel="command", request_id=new_request_id())) as actor:
        yield actor
