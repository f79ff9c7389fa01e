"""Who sees which nodes."""

import pytest

from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, division, person
from tiers.models import Node

pytestmark = pytest.mark.django_db
NATION = "000000000000"
CODES = {
    "nation": ("000000000000-N", NATION, ""),
    "province": ("330000000000-P", ZHEJIANG, "000000000000-N"),
    "city": ("330100000000-C", HANGZHOU, "330000000000-P"),
    "other city": ("330200000000-C", NINGBO, "330000000000-P"),
}


@pytest.fixture(autouse=True)
def _chain():
    for name, (code, division_code, parent) in CODES.items():
        Node.objects.create(
            node_code=code,
            tier={"N": "1", "P": "2", "C": "3"}[code[-1]],
            division_code=division_code,
            parent_code=parent,
            platform_name=name,
            base_url="http://127.0.0.1",
            std_version="1",
        )


@pytest.mark.parametrize(
    ("tier", "division_code", "seen"),
    [
        ("municipal", HANGZHOU, {"city", "province", "nation"}),
        ("municipal", "330102000000", {"city", "province", "nation"}),
        ("provincial", ZHEJIANG, {"province", "nation", "city", "other city"}),
        ("provincial", NINGBO, {"province", "nation", "other city"}),
        ("national", NATION, set(CODES)),
    ],
)
def test_own_division_this_node_and_those_it_reports_to_are_seen(as_tier, tier, division_code, seen):
    as_tier(tier)
    division(division_code)
    one = person("leader", division_code=division_code)
    assert set(Node.objects.visible_to(one).values_list("platform_name", flat=True)) == seen


def test_who_was_disabled_sees_none():
    assert not Node.objects.visible_to(person("leader", is_active=False)).exists()
