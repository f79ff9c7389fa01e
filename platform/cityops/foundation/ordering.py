"""The order of a list: ``?order=name`` or ``?order=-name``, one of those that the list offers.

What a list offers names fields for a rising order, the last one unique, so that pages do not overlap::

    ORDERS = {"code": ("grid_code",), "area": ("area_m2", "grid_code")}
    order = order_of(request.GET.get("order"), ORDERS, "code")
    rows = rows.order_by(*order.fields)
"""

from collections.abc import Mapping
from dataclasses import dataclass

Orders = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Order:
    """The order that a list is shown in."""

    key: str
    is_falling: bool
    fields: tuple[str, ...]
    """What the rows are ordered by."""
    is_usual: bool = True
    """Whether it is the order that nobody asked for."""

    @property
    def value(self) -> str:
        """As it stands in the address."""
        return f"-{self.key}" if self.is_falling else self.key

    def next_for(self, key: str) -> str:
        """What a click on the head of a column asks for: the column, and the other way round on the next click."""
        return f"-{key}" if key == self.key and not self.is_falling else key


def order_of(asked: str | None, offered: Orders, usual: str) -> Order:
    """The order that is asked for; the usual one for anything that is not offered."""
    text = asked or usual
    key = text.removeprefix("-")
    if key not in offered:
        text, key = usual, usual.removeprefix("-")
    is_falling = text.startswith("-")
    return Order(key, is_falling, _turned(offered[key]) if is_falling else offered[key], text == usual)


def _turned(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(field[1:] if field.startswith("-") else f"-{field}" for field in fields)
