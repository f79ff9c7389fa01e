"""Background work of desks."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
