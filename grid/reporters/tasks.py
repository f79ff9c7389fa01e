"""Background work of reporters."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
