"""Check characters of organisation codes."""

import pytest

from cityops.accounts.rules.credit_code import check_character, is_valid


def test_the_worked_example_of_the_standard():
    assert check_character("91350100M000100Y4") == "3"


@pytest.mark.parametrize("code", ["91350100M000100Y42", "91350100M000100Y4", "", "9135010OM000100Y43", "x" * 18])
def test_a_wrong_code_is_told(code):
    assert not is_valid(code)


def test_a_right_code_is_told():
    assert is_valid("91350100M000100Y43")
