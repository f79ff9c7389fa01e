"""Background work of places."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
