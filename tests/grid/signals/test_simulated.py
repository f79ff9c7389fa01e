"""A simulated city with planted fraud: the truth is kept, and the rates are measured on seeds and leave nothing."""

import io
import json
from datetime import timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon
from django.core.management import CommandError, call_command
from django.utils import timezone

from cityops.regions.rules import Level
from grid.models import Case, CaseMedia, UnitGrid
from grid.services.photos import path_of, thumbnail_name
from grid.services.simulator import live, pictures
from grid.services.simulator.run import Plan, simulate
from grid.signals.models import PlantedFraud, SignalRate
from grid.signals.rules.finding import differing_bits
from grid.signals.rules.kinds import Kind
from grid.signals.selectors.signals import rates
from grid.signals.services.finding import find
from tests.factories import grid as ground
from tests.factories.people import division, organisation, person


@pytest.fixture
def town(settings, tmp_path):
    """Two counties some kilometres apart, each with people of its own."""
    settings.CITYOPS_SIMULATED = True
    settings.CITYOPS_MEDIA_DIR = tmp_path / "pictures"
    live._world.cache_clear()
    ground.ready_city()
    UnitGrid.objects.all().delete()
    for code, west in (("330102", 120.0), ("330106", 120.2)):
        for made in (
            division(code + "000000", name="测试区"),
            division(code + "001001", level=Level.COMMUNITY),
        ):
            made.boundary = MultiPolygon(ground.box(west, 30.0, west + 0.02, 30.02), srid=4490)
            made.save()
        for role in ("collector", "collector", "acceptor", "duty_leader", "dispatcher", "leader"):
            person(role, division_code=code + "000000")
        worker = organisation("CZ" + code + "0000000001", division_code=code + "000000", industry="SR")
        person("department", organisation=worker, division_code=code + "000000")
    ground.class_entry("01001", kind="1", name="供水井盖")


@pytest.mark.django_db
class TestFraud:
    def test_what_was_planted_is_kept_and_found(self, town):
        done = simulate(Plan(seed=11, days=40, per_day=60), fraud=True)
        kept = {kind: PlantedFraud.objects.filter(kind=kind).count() for kind in Kind}
        assert {kind.value: number for kind, number in kept.items()} == done.planted
        assert all(kept[kind] for kind in (Kind.SAME_PHOTO, Kind.UNCHANGED, Kind.FAR_PHOTO, Kind.TRAVEL))
        today = timezone.localdate()
        assert find(first=today - timedelta(days=41), last=today).new[Kind.SAME_PHOTO] == kept[Kind.SAME_PHOTO]

    def test_without_the_word_nothing_is_planted(self, town):
        assert simulate(Plan(seed=11, days=3, per_day=20)).planted == {}
        assert not PlantedFraud.objects.exists()

    def test_rates_are_measured_on_three_seeds_and_leave_no_case(self, town):
        simulate(Plan(seed=1, days=1, per_day=5))
        before = Case.objects.count(), CaseMedia.objects.count()
        out = io.StringIO()
        call_command("signal_rates", "--seeds", "1", "2", "3", "--days", "30", "--per-day", "50", "--json", stdout=out)
        told = json.loads(out.getvalue())
        assert (Case.objects.count(), CaseMedia.objects.count()) == before
        assert told["cases"] > 3000
        by_kind = {one["kind"]: one for one in told["kinds"]}
        for kind in ("same_photo", "unchanged", "far_photo"):
            assert by_kind[kind]["planted"] == by_kind[kind]["found"] > 5
            assert by_kind[kind]["per_1000_cases"] < 2
        assert SignalRate.objects.count() == len(Kind)
        assert rates()[Kind.SAME_PHOTO].is_own

    def test_a_real_city_is_not_measured(self, settings):
        settings.CITYOPS_SIMULATED = False
        with pytest.raises(CommandError, match="CITYOPS_SIMULATED"):
            call_command("signal_rates")


def test_shipped_rates_say_what_they_were_measured_on(db):
    for kind, rate in rates().items():
        assert rate.kind is kind
        assert not rate.is_own
        assert rate.planted >= rate.found > 0
        assert rate.cases > 10_000
        assert len(rate.seeds) >= 3


@pytest.mark.django_db
def test_photos_of_the_past_are_pictures(town):
    simulate(Plan(seed=7, days=6, per_day=40))
    kept = CaseMedia.objects.exclude(file="")
    assert kept.exists()
    for row in kept:
        assert path_of(row.file).read_bytes().startswith(b"\xff\xd8")
        assert path_of(thumbnail_name(row.file)).stat().st_ino == path_of(row.file).stat().st_ino
    assert CaseMedia.objects.filter(usage="handle").exists()


@pytest.mark.parametrize("place", range(20))
def test_pictures_of_one_place_differ_and_those_of_two_places_more(place):
    hashes = [
        pictures.photos.perceptual_hash(pictures.picture_for(f"{place}{more}", usage, version, 5, scale=1))
        for more, usage, version in (("", "report", 1), ("", "report", 1), ("x", "report", 1))
    ]
    assert hashes[0] == hashes[1]
    assert differing_bits(hashes[0], hashes[2]) > 8
