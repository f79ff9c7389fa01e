"""Background work of intake."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
