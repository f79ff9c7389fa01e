"""What is masked is looked for at all: no number of a person escapes the first, cheap look."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.exchange.rules.masking import PATTERNS, SUSPECT


@pytest.mark.parametrize("pattern", [pattern for pattern, _instead in PATTERNS])
@given(data=st.data())
def test_every_text_that_a_pattern_finds_is_suspect(pattern, data):
    text = data.draw(st.from_regex(pattern))
    assert re.search(SUSPECT, text)


@pytest.mark.parametrize("text", ["文三路 99999 号", "2026-11-26 09:30", "编号 330100", "约两平方米", "B2 层 101 室"])
def test_ordinary_places_and_times_are_not(text):
    assert not re.search(SUSPECT, text)
