"""Every broken build is seen: its scenario fails on it."""

import pytest

from tests.chaos import restores
from tests.chaos.directed import SCENARIOS
from tests.chaos.mutants import MUTANTS

pytestmark = pytest.mark.django_db
QUICK = frozenset({"no nonce", "upserted marks"})
"""Those of every run of the tests; the others run where tests/chaos is asked for."""
assert restores


@pytest.mark.parametrize(
    "mutant",
    [one if one.name in QUICK else pytest.param(one, marks=pytest.mark.chaos) for one in MUTANTS],
    ids=lambda one: one.name,
)
def test_a_broken_build_is_seen(network, mutant):
    seen = ""
    with mutant.patch():
        try:
            SCENARIOS[mutant.scenario](network)
        except Exception as broken:
            seen = repr(broken)
    assert seen, f"nobody saw: {mutant.patch.__doc__}"
