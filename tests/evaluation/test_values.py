"""Values: rounding, no data."""

from decimal import Decimal

import pytest

from evaluation.rules import value_of, value_text


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (911, 972, "93.72"),  # 天门 2016-12
        (737, 972, "75.82"),
        (902, 956, "94.35"),  # events of the same month
        (9, 16, "56.25"),  # components of the same month
        (87, 102, "85.29"),  # 南宁 2009: rounded, not cut
        (0, 3, "0.00"),
        (3, 3, "100.00"),
        (1, 8, "12.50"),
        (1, 16000, "0.01"),  # half is rounded up: 0.00625
    ],
)
def test_a_rate_is_a_percentage_with_two_decimals(numerator, denominator, text):
    assert value_text(value_of(numerator, denominator, 100)) == text


def test_a_mean_time_is_in_hours():
    assert value_of(7200 + 3600, 2, 1, 3600) == Decimal("1.50")


def test_half_a_hundredth_is_rounded_up():
    assert value_of(1, 200, 1) == Decimal("0.01")


def test_a_denominator_of_zero_is_no_data_neither_0_nor_100():
    assert value_of(0, 0, 100) is None
    assert value_text(None) == "—"


def test_a_count_is_never_negative():
    with pytest.raises(ValueError, match="negative"):
        value_of(1, -1)
