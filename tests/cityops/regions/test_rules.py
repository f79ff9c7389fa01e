"""Codes and levels of divisions."""

import pytest

from cityops.regions.models import Division
from cityops.regions.rules import DIGITS, NATION, Level, contains, is_code, pad_code, scope_prefix, shown_code
from cityops.regions.selectors import ancestors, retired_hint
from tests.factories.people import division


@pytest.mark.parametrize(
    ("code", "level", "shown"),
    [
        (NATION, Level.NATION, "0"),
        ("330000000000", Level.PROVINCE, "33"),
        ("330100000000", Level.CITY, "3301"),
        ("330102000000", Level.COUNTY, "330102"),
        ("330102001000", Level.STREET, "330102001"),
        ("330102001901", Level.COMMUNITY, "330102001901"),
    ],
)
def test_a_code_is_shown_by_its_level_and_padded_back(code, level, shown):
    assert shown_code(code, level) == shown
    assert level == Level.NATION or pad_code(shown) == code


def test_every_level_has_its_digits():
    assert set(DIGITS) == set(Level)


@pytest.mark.parametrize(
    ("code", "level", "other", "inside"),
    [
        ("130530000000", Level.COUNTY, "130531001000", False),
        ("130530000000", Level.COUNTY, "130530001000", True),
        ("330100000000", Level.CITY, "330110000000", True),
        ("330100000000", Level.CITY, "330200000000", False),
        (NATION, Level.NATION, "990101000000", True),
    ],
)
def test_a_division_contains_by_the_prefix_of_its_level_not_by_stripping_zeros(code, level, other, inside):
    assert contains(code, level, other) is inside
    assert other.startswith(scope_prefix(code, level)) is inside


@pytest.mark.parametrize("text", ["", "3", "330", "33010", "3301020", "3301020019011", "33o1", "３３０１", "-301"])
def test_what_is_no_code_is_refused(text):
    with pytest.raises(ValueError, match="division code"):
        pad_code(text)
    assert not is_code(text)


@pytest.mark.django_db
def test_words_to_ask_for_divisions():
    for code in ("330000000000", "330100000000", "330102000000", "330102001000", "330200000000"):
        division(code)
    inside = Division.objects.current().inside("330100000000", Level.CITY)
    assert set(inside.values_list("code", flat=True)) == {"330100000000", "330102000000", "330102001000"}
    above = ancestors(Division.objects.get(code="330102001000"))
    assert [row.code for row in above] == ["330000000000", "330100000000", "330102000000"]


@pytest.mark.django_db
def test_a_refusal_says_what_a_retired_code_became():
    division("330103000000", name="下城区")
    Division.objects.filter(code="330103000000").update(valid_to="2021-12-31", successor_code="330105000000")
    division("330105000000", name="拱墅区")
    assert retired_hint("330103000000") == "（330103 下城区 已停用，现为 330105 拱墅区）"
    assert retired_hint("330103001001") == "（330103 下城区 已停用，现为 330105 拱墅区）"
    assert retired_hint("330105001001") == ""
    assert retired_hint("330105000000") == ""
    assert retired_hint("999999000000") == ""
