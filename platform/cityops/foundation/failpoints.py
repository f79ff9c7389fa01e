"""Points at which a test may end this process, or have something happen 故障点; elsewhere they do nothing.

A name is put where a crash would hurt most: between numbering and sealing, between commit and answer. Only settings
made for tests carry ``FAIL = "name:n"``: the n-th time that the point is passed the process kills itself, as a power
cut would. Production settings have no ``FAIL``, and nothing reads one from the environment.
"""

import os
import signal
from collections.abc import Callable

from django.conf import settings

POINTS = frozenset(
    {
        "sequence.taken",
        "sequence.numbered",
        "sequence.sealed",
        "push.before",
        "push.answered",
        "pull.answered",
        "tell.before",
        "receive.kept",
        "receive.applied",
        "receive.signed",
        "answer.committed",
    }
)
"""Every point there is: of the sequencer, the sender, the receiver, and the answering side."""
_armed: dict[str, tuple[int, Callable[[], None]]] = {}


def failpoint(name: str) -> None:
    """Pass a point. Costs one look at an empty table where nothing is armed."""
    if _armed and name in _armed:
        left, act = _armed[name]
        if left > 1:
            _armed[name] = left - 1, act
        else:
            del _armed[name]
            act()


def end_process() -> None:
    """End this process at once: no handler, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str, number: int = 1, act: Callable[[], None] = end_process) -> None:
    """Have ``act`` happen the ``number``-th time that a point is passed, once. Raises ValueError for no such point."""
    if name not in POINTS or number < 1:
        raise ValueError(f"{name}:{number} is no failpoint.")
    _armed[name] = number, act


def disarm() -> None:
    """Let every point do nothing again."""
    _armed.clear()


def arm_from_settings() -> None:
    """Arm what ``settings.FAIL`` names, as ``name:n``. Raises ValueError for no such point."""
    name, _, number = str(getattr(settings, "FAIL", "") or "").partition(":")
    if name:
        arm(name, int(number or 1))
