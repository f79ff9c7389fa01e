"""The thinnest thread: two nodes, writes, cuts, rest."""

import pytest

from tests.chaos.nodes import CITY_A, PROVINCE
from tests.chaos.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.chaos]


def test_writes_arrive_whatever_the_line_does(network):
    world = World(network, (CITY_A, PROVINCE))
    world.play(
        [
            ("write", "organisation", "A", "1"),
            ("write", "place", "A", "1"),
            ("slice", "A", ("cut_request", "push", 0.5)),
            ("write", "organisation", "A", "2"),
            ("slice", "A", ("lost_answer", "push", 0.0)),
            ("delete", "organisation", "A", "1"),
            ("slice", "A", ("cut_answer", "push", 0.7)),
            ("write", "organisation", "A", "1"),
            ("replay", 3),
            ("open", "A"),
            ("kill", "A", "sequence.numbered", 1),
            ("kill", "A", "push.answered", 1),
            ("kill_parent", "A", "receive.applied", "push"),
            ("write", "action", "A", "1"),
            ("steal", "A"),
            ("write_between", "A", "sequence.numbered"),
            ("write", "organisation", "A", "3"),
            ("slice", "A", ("hold", "push", 0.0)),
            ("write", "task", "P", "1"),
            ("write", "task", "P", "2"),
            ("slice", "A", ("cut_answer", "pull", 0.5)),
            ("poison", "A", "4"),
            ("slice", "A"),
        ]
    )
    assert world.finish() < 15
