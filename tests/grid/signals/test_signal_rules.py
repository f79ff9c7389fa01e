"""What is odd enough: by table, without a database."""

import datetime as dt

import pytest

from grid.signals.rules.finding import (
    Checks,
    Closings,
    Quiet,
    agreeing_pairs,
    beyond,
    bunched,
    differing_bits,
    has_structure,
    likeness,
    quiet_grids,
)
from grid.signals.rules.kinds import PARAMETERS, Kind, faults_of, sample_terms
from grid.signals.selectors.photos import masks_for

DAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("one", "other", "bits"),
    [("0" * 16, "0" * 16, 0), ("0" * 16, "0" * 15 + "1", 1), ("f" * 16, "0" * 16, 64), ("00ff" * 4, "00fe" * 4, 4)],
)
def test_bits_are_counted(one, other, bits):
    assert differing_bits(one, other) == bits


@pytest.mark.parametrize(
    ("phash", "is_telling"),
    [("0" * 16, False), ("f" * 16, False), ("000000000000001f", False), ("000000000000003f", True), ("00ff" * 4, True)],
)
def test_a_black_picture_resembles_nothing(phash, is_telling):
    assert has_structure(phash) is is_telling


@pytest.mark.parametrize("bits", range(8))
def test_bands_find_every_hash_within_the_threshold(bits):
    """Differing bits are put in the worst way: spread over the bands."""
    places = [0, 16, 32, 48, 1, 17, 33, 49][:bits]
    base = 0x123456789ABCDEF0
    other = base
    for place in places:
        other ^= 1 << place
    bands = [(base >> 16 * n & 0xFFFF, other >> 16 * n & 0xFFFF) for n in range(4)]
    assert any(one ^ mask == two for one, two in bands for mask in masks_for(bits))


@pytest.mark.parametrize(("bits", "score"), [(0, 100), (3, 82), (7, 57), (16, 0), (30, 0)])
def test_likeness_falls_with_the_bits(bits, score):
    assert likeness(bits) == score


@pytest.mark.parametrize(("value", "score"), [(499, 0), (500, 50), (1000, 75), (50_000, 100)])
def test_scores_begin_at_the_threshold(value, score):
    assert beyond(value, 500) == score


@pytest.mark.parametrize(
    ("in_time", "at_the_end", "is_found"), [(100, 30, True), (100, 29, False), (19, 19, False), (20, 20, True)]
)
def test_disposals_bunched_at_the_end(in_time, at_the_end, is_found):
    found = bunched([Closings("A", in_time, at_the_end, 120)], sample_terms(Kind.BUNCHED), DAY, "330100000000")
    assert bool(found) is is_found
    if found:
        assert (found[0].key, found[0].subject, found[0].person) == ("A@2026-11", "A", None)


@pytest.mark.parametrize(
    ("reports", "neighbours", "mean", "is_found"),
    [(0, 3, 12.0, True), (0, 2, 30.0, False), (0, 5, 11.9, False), (1, 4, 19.0, False), (1, 4, 20.0, True)],
)
def test_quiet_grids_stand_beside_busy_ones(reports, neighbours, mean, is_found):
    row = Quiet("330102001001001", "330102001001", reports, neighbours, mean)
    assert bool(quiet_grids([row], sample_terms(Kind.QUIET_GRID), DAY)) is is_found


def pairs(*rows):
    return {one.subject for one in agreeing_pairs([Checks(*row) for row in rows], sample_terms(Kind.PAIR), DAY)}


USUAL = ((2, "A", 100, 12), (1, "B", 100, 12), (2, "B", 100, 12))


def test_a_pair_that_never_fails_while_both_fail_with_others():
    assert pairs((1, "A", 80, 0), *USUAL) == {"1:A"}


@pytest.mark.parametrize(
    "rows",
    [
        ((1, "A", 80, 1), *USUAL),
        ((1, "A", 24, 0), *USUAL),
        ((1, "A", 80, 0), (2, "A", 100, 0), *USUAL[1:]),
        ((1, "A", 80, 0), (2, "A", 100, 12), (1, "B", 100, 1), (2, "B", 100, 12)),
        ((1, "A", 80, 0), (1, "B", 100, 12), (2, "B", 100, 12)),
        ((1, "A", 80, 0), (2, "A", 100, 12), (2, "B", 100, 12)),
        (),
    ],
    ids=["one failed", "few", "good department", "mild checker", "nobody else checks it", "checks nobody else", "none"],
)
def test_a_pair_that_is_explained_by_either_of_them_is_none(rows):
    assert pairs(*rows) == set()


@pytest.mark.parametrize("kind", Kind)
def test_the_sample_is_within_its_own_bounds(kind):
    terms = sample_terms(kind)
    assert faults_of(kind, terms.window_days, terms.values) == {}
    for one in PARAMETERS[kind]:
        for wrong in (one.least - 1, one.most + 1):
            assert list(faults_of(kind, 30, {**terms.values, one.name: wrong})) == [one.name]
    assert "window_days" in faults_of(kind, 0, terms.values)
