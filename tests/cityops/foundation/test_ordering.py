"""The order of lists."""

import pytest

from cityops.foundation.ordering import order_of

ORDERS = {"code": ("code",), "due": ("due_now", "-reported_at", "-rid")}


@pytest.mark.parametrize(
    ("asked", "value", "fields"),
    [
        ("due", "due", ("due_now", "-reported_at", "-rid")),
        ("-due", "-due", ("-due_now", "reported_at", "rid")),
        ("", "code", ("code",)),
        (None, "code", ("code",)),
        ("password", "code", ("code",)),
        ("--due", "code", ("code",)),
    ],
)
def test_only_what_is_offered_orders_a_list(asked, value, fields):
    order = order_of(asked, ORDERS, "code")
    assert (order.value, order.fields) == (value, fields)


def test_a_second_click_turns_the_order():
    assert order_of("due", ORDERS, "code").next_for("due") == "-due"
    assert order_of("-due", ORDERS, "code").next_for("due") == "due"
    assert order_of("due", ORDERS, "code").next_for("code") == "code"
