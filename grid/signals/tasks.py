"""Background work of signals."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
