"""Who is acting, from where: set at the door (page, API, command, task), read by the audit trail."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The origin of a change.

    ``user_id`` is empty for the system itself; ``channel`` is page, api, command, task or peer.
    """

    user_id: int | None = None
    name: str = "system"
    channel: str = "task"
    address: str = ""
    session: str = ""
    request_id: str = ""


SYSTEM = Actor()
"""The platform itself, where no person or peer acts."""
_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    """The actor of the running request, command or task."""
    return _actor.get()


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Run a block as ``actor``."""
    token = _actor.set(actor)
    try:
        yield actor
    finally:
        _actor.reset(token)


def new_request_id() -> str:
    """A fresh identifier that ties log lines, audit entries and error pages together."""
    return uuid.uuid4().hex


def become(actor: Actor) -> None:
    """Name the actor later in a running request, as when a token tells who it is; lasts to the request's end."""
    _actor.set(actor)
