"""Background work of interfaces."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
