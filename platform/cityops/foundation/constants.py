"""Words of the product in a statement: written out, where everything else is a parameter.

A statement is planned once for all values of its parameters. What a partial index holds, and how rare a state is, is
known to that plan only where the word stands in the statement itself (decision 0144).
"""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Value

_WORD = re.compile(r"[\w-]*")


class Constant(Value):
    """A code or word of ours as an expression: ``filter(pending=Constant("delay"))``. Never what somebody typed."""

    def __init__(self, value: str, output_field: Any = None) -> None:
        """Raises ValueError for what is more than letters, digits, underscores and hyphens."""
        if not _WORD.fullmatch(value):
            raise ValueError(value)
        super().__init__(str(value), output_field)

    def as_sql(self, *_args: Any, **_kwargs: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """The word between quotes."""
        return f"'{self.value}'", []


def constants(words: Iterable[str]) -> list[Constant]:
    """Several of them, for ``__in``."""
    return [Constant(str(word)) for word in words]
