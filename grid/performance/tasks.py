"""Background work of performance."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
