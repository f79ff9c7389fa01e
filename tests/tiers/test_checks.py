"""Tier, division and node that contradict each other are found before anything runs."""

import pytest

from tests.conftest import PLACES
from tiers.checks import one_instance


def found(settings, tier, region, node):
    settings.CITYOPS_TIER, settings.CITYOPS_REGION, settings.CITYOPS_NODE = tier, region, node
    return [error.id for error in one_instance()]


@pytest.mark.parametrize(
    ("tier", "region", "letter"),
    [
        *((tier, region, node[-1]) for tier, (region, node) in PLACES.items()),
        ("municipal", "419001000000", "C"),
        ("municipal", "110000000000", "C"),
        ("municipal", "990100000000", "C"),
        ("provincial", "110000000000", "P"),
    ],
)
def test_what_fits_is_left_alone(settings, tier, region, letter):
    assert found(settings, tier, region, f"{region}-{letter}") == []


@pytest.mark.parametrize(
    ("tier", "region", "node", "errors"),
    [
        ("municipal", "330100000000", "330000000000-P", ["tiers.E002"]),
        ("municipal", "330100000000", "330200000000-C", ["tiers.E002"]),
        ("provincial", "330100000000", "330100000000-P", ["tiers.E001"]),
        ("municipal", "3301", "3301-C", ["tiers.E001"]),
        ("municipal", "330102000000", "330102000000-C", ["tiers.E001"]),
        ("municipal", "330000000000", "330000000000-C", ["tiers.E001"]),
        ("national", "330000000000", "330000000000-N", ["tiers.E001"]),
        ("national", "000000000000", "000000000000-n", ["tiers.E002"]),
        ("provincial", "33000000000a", "x", ["tiers.E001", "tiers.E002"]),
    ],
)
def test_what_contradicts_is_named(settings, tier, region, node, errors):
    assert found(settings, tier, region, node) == errors
