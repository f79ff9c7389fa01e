"""How tests that start instances are shared out among the processes of pytest-xdist.

The marks of ``--dist loadgroup`` are lost under pytest 9 (xdist 3.8 writes them where pytest no longer looks), so the
folder says what belongs together.
"""

from xdist.scheduler import LoadScopeScheduling

SHARING = frozenset({"tests/browser", "tests/flows/joined"})
"""Folders whose files use the same instances, one after the other."""


class InstancesTogether(LoadScopeScheduling):
    """A file of its own, or a whole folder that shares instances, goes to one process."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        folder = path.rpartition("/")[0]
        return folder if folder in SHARING else path
