"""What of a password a guesser tries first."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from cityops.accounts.rules.guessable import PLACES, own_length


@pytest.mark.parametrize(
    ("password", "own"),
    [
        ("Trams-Run-On-Time-7", 19),
        ("Hangzhou2026!", 1),
        ("Zhejiang-2026", 1),
        ("Qwerty123456!", 1),
        ("Abcd12345678", 0),
        ("Chengguan2026!", 1),
        ("P@ssw0rd1234!", 1),
        ("1qaz2WSX3edc", 0),
        ("0987654321Aaaa", 0),
        ("!QAZ@WSX#EDC", 0),
        ("Hz-Bus-Route-12", 15),
        ("NingboHangzhou88", 2),
        ("", 0),
    ],
)
def test_words_walks_repetitions_and_years_do_not_count(password, own):
    assert own_length(password) == own


def test_further_words_do_not_count_either():
    assert own_length("Shangcheng-1a") == 13
    assert own_length("Shangcheng-1a", ["shangcheng"]) == 3


def test_the_words_are_lower_case_and_stand_once():
    assert len(set(PLACES)) == len(PLACES)
    assert all(word == word.lower() and word.isascii() for word in PLACES)


@pytest.mark.parametrize(
    "password", ["Hangzhou2026!", "Zhejiang-2026", "Qwerty123456!", "Abcd12345678", "330100-Abc-2026"]
)
def test_such_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


def test_the_operators_words_are_refused(settings):
    validate_password("Shangcheng-1a9x")
    settings.CITYOPS_PASSWORD_WORDS = ["shangcheng"]
    with pytest.raises(ValidationError):
        validate_password("Shangcheng-1a9x")
