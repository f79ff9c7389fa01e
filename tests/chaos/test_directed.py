"""Every directed scenario holds on the code as it is."""

import pytest

from tests.chaos import restores
from tests.chaos.directed import SCENARIOS

pytestmark = pytest.mark.django_db
QUICK = frozenset({"f01_long_transactions", "f12_duplicates", "f30_owner_restored_and_written_to"})
"""Those of every run of the tests; the others run where bin/chaos or tests/chaos is asked for."""
assert restores


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.chaos) for name in sorted(SCENARIOS)]
)
def test_scenario(network, name):
    SCENARIOS[name](network)
