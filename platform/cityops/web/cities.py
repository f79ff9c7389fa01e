"""Cities side by side, for a province or the nation."""

from typing import Any


def board(user: Any) -> dict[str, Any]:
    """Everything on the first page of an upper tier."""
    return {}
