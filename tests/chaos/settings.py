"""Settings of the real processes of level iii: those of development, and a failpoint where one is wanted."""

import os

from cityops.settings.development import *  # noqa: F403

FAIL = os.environ.get("CHAOS_FAIL", "")
"""``name:n``: the process kills itself the n-th time that the point is passed."""
