"""Background work of duty."""

from typing import Any

SCHEDULE: dict[str, tuple[str, Any]] = {}
