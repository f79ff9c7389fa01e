"""Schedules follow from their seed, and failing ones become as short as they go."""

from tests.chaos.schedules import schedule, shortened
from tests.chaos.world import World


def test_a_seed_gives_the_same_acts_each_time_and_only_acts_that_there_are():
    for seed in range(200):
        profile, acts = schedule(seed)
        assert (profile, acts) == schedule(seed)
        assert all(hasattr(World, f"do_{act[0]}") for act in acts)


def test_only_what_a_failure_needs_is_left():
    _profile, acts = schedule(7)
    needed = {acts[2], acts[9], acts[-1]}
    tried = []

    def fails(fewer):
        tried.append(fewer)
        return needed <= set(fewer)

    left = shortened(acts, fails)
    assert set(left) == needed
    assert len(left) == len(needed)
    assert len(tried) < 8 * len(acts)
