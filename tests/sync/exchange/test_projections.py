"""What of the grid goes upward: whole, by the rules of the standard, with nothing of a person, and away again."""

import re

import pytest

from cityops.accounts.models import Organisation
from cityops.foundation.records import Flow, Scope, registry
from grid.duty.models import DutyGrid, EvaluationGrid, TeamStatistic
from grid.models import Case, CaseDailyStatistic, CaseMedia, Component, UnitGrid
from grid.performance.models import PerformanceResult
from grid.places.models import Place
from sync.exchange import models
from sync.exchange.rules import envelope as envelopes
from sync.exchange.rules.masking import PATTERNS
from sync.exchange.services import digests, sealing
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from sync.standard.files import shipped_catalogue
from tests.factories import grid as ground
from tests.factories.records import (
    DEVICE,
    IDENTITY,
    LANDLINE,
    LEADER,
    PHONE,
    PLATE,
    STAFF,
    UPWARD,
    one_of_each,
)
from tests.sync.exchange.conftest import CITY, become_province

pytestmark = pytest.mark.django_db
WITHIN = {"GL02": "steps", "GL03": "media"}


def sealed() -> list[envelopes.Envelope]:
    """All that the city sealed, in its order."""
    while sequence():
        pass
    return [sealing.sealed_batch(batch) for batch in models.Batch.objects.order_by("id")]


def texts(batches: list[envelopes.Envelope]) -> str:
    """What travels, in plain."""
    return "\n".join(envelopes.decompress(one.body, one.read().raw_size).decode() for one in batches)


TABLES = (
    CaseMedia, Case, CaseDailyStatistic, Component, DutyGrid, EvaluationGrid, TeamStatistic, PerformanceResult, Place,
    UnitGrid,
)  # fmt: skip


def test_every_dataset_of_the_grid_has_its_projection_and_goes_upward():
    catalogue = shipped_catalogue()
    for code in UPWARD:
        kind = registry.get(code)
        assert (kind.flow, kind.dataset in catalogue.by_code) == (Flow.UP, True)
        assert kind.scope is (Scope.PROVINCE if code == "JC09" else Scope.NATION)
    children = {child.dataset: child.name for child in registry.get("GL01").children}
    assert children == WITHIN


def test_records_arrive_by_the_rules_of_the_standard_with_nothing_of_a_person_and_go_when_they_go(city, as_tier):
    one_of_each()
    first = sealed()
    for model in TABLES:
        model.objects.all().delete()
    everything = sealed()
    plain = texts(everything)
    for told in (PHONE, "138 1234 5678", LANDLINE, IDENTITY, PLATE, LEADER, DEVICE, STAFF, "picture.jpg"):
        assert told not in plain, told
    for pattern, _instead in PATTERNS:
        assert not re.search(pattern, re.sub(r"\t[0-9]{10,}", "", plain)), pattern
    assert "[电话]" in plain

    become_province(as_tier)
    for batch in first:
        receive(batch, sender=CITY)
    parked = models.Parked.objects.exclude(dataset="JC11")
    assert not parked, [one.reasons for one in parked]
    held = {found.dataset: (found.records, found.deleted) for found in digests.all_digests(owner=CITY)}
    assert {code: held[code] for code in UPWARD} == {code: (2 if code == "JC04" else 1, 0) for code in UPWARD}
    case = Case.objects.get()
    assert (case.is_void, case.is_replica, "[证件号]" in case.description) == ("1", True, True)
    photo = case.media.get()
    assert (photo.sha256, photo.file, photo.device_id, photo.uploaded_by) == ("ab" * 32, "", "", None)
    assert case.steps.get().opinion.count("[") == 5

    for batch in everything[len(first) :]:
        receive(batch, sender=CITY)
    assert [model.__name__ for model in TABLES if model.objects.exists()] == []
    held = {found.dataset: (found.records, found.deleted) for found in digests.all_digests(owner=CITY)}
    assert {code: held[code] for code in UPWARD} == {code: (0, 2 if code == "JC04" else 1) for code in UPWARD}


def test_both_ends_compute_the_same_digest_though_one_holds_what_was_said_and_the_other_what_was_sent(city, as_tier):
    one_of_each()
    batches = sealed()
    mine = {found.dataset: found.value for found in digests.all_digests(owner=CITY)}
    for model in TABLES:
        model.objects.all().delete()
    Organisation.objects.all().delete()
    become_province(as_tier)
    for batch in batches:
        receive(batch, sender=CITY)
    theirs = {found.dataset: found.value for found in digests.all_digests(owner=CITY)}
    assert {code: theirs[code] for code in UPWARD} == {code: mine[code] for code in UPWARD}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("案件330100202601010000000001", True),
        ("电话13812345678", False),
        ("+86 138-1234-5678", False),
        ("0571-88886666", False),
        ("身份证33010219900101123X", False),
        ("车牌 浙A·12345", False),
        ("浙AD12345新能源", False),
        ("人民路138号12单元3456室", True),
        ("江浙AB两地", True),
    ],
)
def test_numbers_of_persons_are_told_from_other_numbers(city, said, kept):
    case = ground.stored_case(description=said)
    sequence()
    sent = texts([sealing.sealed_batch(models.Batch.objects.latest("id"))])
    assert case.case_no in sent
    assert (said in sent) is kept
