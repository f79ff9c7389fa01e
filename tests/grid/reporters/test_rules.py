"""Masks, months and the cipher, by table."""

import datetime as dt

import pytest

from grid.reporters.rules.cipher import CannotOpen, FieldCipher
from grid.reporters.rules.keeping import months_before
from grid.reporters.rules.masking import (
    digits_of,
    masked_address,
    masked_email,
    masked_name,
    masked_phone,
    tells_on,
)


@pytest.mark.parametrize(
    ("mask", "given", "shown"),
    [
        (masked_name, "张某某", "张**"),
        (masked_name, " 李某 ", "李**"),
        (masked_name, "欧阳某某", "欧**"),
        (masked_name, "", ""),
        (masked_phone, "13812345678", "138****5678"),
        (masked_phone, "+86 138-1234-5678", "138****5678"),
        (masked_phone, "057112345678", "057*****5678"),
        (masked_phone, "87654321", "******21"),
        (masked_phone, "12345", "****"),
        (masked_phone, "", ""),
        (masked_address, "文三路138号2幢301室", "文三路**"),
        (masked_address, "西湖区翠苑街道文一社区3幢", "西湖区翠苑街**"),
        (masked_address, "某某大厦12层A座东", "某某大厦1**"),
        (masked_address, "", ""),
        (masked_email, "li@example.cn", "l***@example.cn"),
        (masked_email, "", ""),
    ],
)
def test_a_mask_leaves_what_the_rule_leaves(mask, given, shown):
    assert mask(given) == shown


@pytest.mark.parametrize(
    "given", ["138 1234 5678", "138-1234-5678", "8613812345678", "+86 13812345678", "008613812345678"]
)
def test_one_number_has_one_form(given):
    assert digits_of(given) == "13812345678"


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("已电话联系,市民认可", False),
        ("已联系张某某", True),
        ("电话 138 1234 5678 无人接听", True),
        ("拨打13812345678", True),
        ("案件 3301022026 已转", False),
    ],
)
def test_a_text_that_names_somebody_is_known(text, is_told):
    assert tells_on(text, name="张某某", phone="13812345678") is is_told


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [("2026-11-26", 12, "2025-11-26"), ("2028-02-29", 12, "2027-02-28"), ("2026-01-31", 2, "2025-11-30")],
)
def test_months_are_those_of_the_calendar(day, months, before):
    assert months_before(dt.datetime.fromisoformat(day), months) == dt.datetime.fromisoformat(before)


def cipher(*names):
    return FieldCipher({name: bytes([number] * 32) for number, name in enumerate(names)}, b"i" * 32)


def test_what_is_closed_opens_at_its_place_and_shows_nothing():
    keys = cipher("00000001")
    closed = keys.close("13812345678", "a")
    assert keys.open(closed, "a") == "13812345678"
    assert b"138" not in closed
    assert closed != keys.close("13812345678", "a")
    assert (keys.close("", "a"), keys.open(b"", "a")) == (b"", "")


def test_moved_changed_or_without_its_key_it_does_not_open():
    keys = cipher("00000001")
    closed = keys.close("x", "a")
    for wrong, place, ring in (
        (closed, "b", keys),
        (closed[:-1] + bytes([closed[-1] ^ 1]), "a", keys),
        (closed, "a", cipher("00000002")),
        (b"\x02" + closed[1:], "a", keys),
        (closed[:10], "a", keys),
    ):
        with pytest.raises(CannotOpen):
            ring.open(wrong, place)


def test_the_newest_key_closes_and_every_key_opens():
    old = cipher("00000001").close("x", "a")
    keys = cipher("00000001", "00000002")
    assert keys.key_of(keys.close("x", "a")) == "00000002"
    assert keys.open(old, "a") == "x"


def test_the_index_is_equal_for_equal_numbers_under_one_key_only():
    keys = cipher("00000001")
    assert keys.index("1") == keys.index("1") != keys.index("2")
    assert FieldCipher(keys.keys, b"j" * 32).index("1") != keys.index("1")
    assert keys.index("") is None
