"""Background work of field."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
