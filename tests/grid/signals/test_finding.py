"""Each kind on the real database: what was planted is found, the honest neighbour is not."""

import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cityops.foundation.models import AuditEvent
from grid.models import Case, CaseStep
from grid.signals.models import Signal
from grid.signals.rules.kinds import Kind, sample_terms
from grid.signals.selectors.words import innocent, sentence_of
from grid.signals.services.finding import find, forget_old, look
from grid.signals.services.reviewing import change_terms
from grid.signals.tasks import find_signals
from tests.factories import grid as ground
from tests.factories.people import organisation, person
from tests.grid.signals.conftest import HASH, OTHER, case_at, photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
NEAR_HASH = "123456789abcdef7"  # three bits away
FAR_HASH = "12345678edcb0f0f"


def found(kind):
    return look(sample_terms(kind), timezone.now() + dt.timedelta(hours=1))


def test_one_photo_in_two_cases_far_apart():
    one, other, third = case_at(), case_at(120.02), case_at(120.03)
    photo(one, phash=HASH), photo(other, phash=NEAR_HASH), photo(third, phash=FAR_HASH)
    (signal,) = found(Kind.SAME_PHOTO)
    assert set(signal.cases) == {str(one.pk), str(other.pk)}
    assert (signal.facts["bits"], signal.facts["case"], signal.facts["other"]) == (3, other.case_no, one.case_no)
    assert 1300 < signal.facts["metres"] < 1600


@pytest.mark.parametrize(
    "honest",
    [
        lambda one: case_at(120.0051, merged_into=None),
        lambda one: case_at(120.02, merged_into=one.pk, state="91"),
        lambda one: case_at(120.02, previous_round=one.pk),
        lambda one: case_at(120.02, origin_code="330200000000-C"),
    ],
    ids=["reported twice at the same spot", "joined", "a further round", "of another city"],
)
def test_photos_that_may_be_the_same(honest):
    one = case_at()
    photo(one, phash=HASH), photo(honest(one), phash=HASH)
    assert found(Kind.SAME_PHOTO) == []


def test_pictures_without_structure_are_not_compared():
    photo(case_at(), phash="0" * 16), photo(case_at(120.02), phash="0" * 16)
    photo(case_at(), phash=""), photo(case_at(120.02), phash="")
    assert found(Kind.SAME_PHOTO) == []


def test_photos_of_long_ago_count_as_long_as_the_terms_say():
    old = timezone.now() - dt.timedelta(days=170)
    photo(case_at(), phash=HASH, at=old), photo(case_at(120.02), phash=HASH)
    assert len(found(Kind.SAME_PHOTO)) == 1
    short = sample_terms(Kind.SAME_PHOTO)
    short = type(short)(short.kind, values={**short.values, "history_days": 100}, window_days=3)
    assert look(short, timezone.now()) == []


def test_seven_bits_are_found_where_the_terms_allow_them():
    terms = sample_terms(Kind.SAME_PHOTO)
    wide = type(terms)(terms.kind, window_days=3, values={**terms.values, "bits": 7})
    photo(case_at(), phash=HASH), photo(case_at(120.02), phash="133557799bbddef1")
    assert found(Kind.SAME_PHOTO) == []
    assert [one.facts["bits"] for one in look(wide, timezone.now() + dt.timedelta(hours=1))] == [7]


def test_before_and_after_are_one_picture():
    fraud, honest, checked = case_at(duty_org="A"), case_at(duty_org="B"), case_at()
    photo(fraud, phash=HASH), photo(fraud, phash=NEAR_HASH, usage="handle")
    photo(honest, phash=HASH), photo(honest, phash=OTHER, usage="handle")
    photo(checked, phash=OTHER, usage="handle"), photo(checked, phash=OTHER, usage="check")
    (signal,) = found(Kind.UNCHANGED)
    assert (signal.cases, signal.org_code, signal.key) == ((str(fraud.pk),), "A", fraud.pk.hex)


def test_a_photo_far_from_its_case():
    far, near, nowhere = case_at(), case_at(), case_at()
    photo(far, spot=(120.02, 30.005)), photo(far, spot=(120.03, 30.005))
    photo(near, spot=(120.0055, 30.005)), photo(nowhere)
    (signal,) = found(Kind.FAR_PHOTO)
    assert signal.cases == (str(far.pk),)
    assert 2300 < signal.facts["metres"] < 2500


def test_nobody_is_in_two_places_within_a_minute():
    traveller, walker, crew = person("collector"), person("collector"), person("department")
    at = timezone.now() - dt.timedelta(hours=2)
    here, there = (120.01, 30.01), (120.05, 30.01)
    for who, usage, wait in ((traveller, "report", 60), (walker, "report", 1200), (crew, "handle", 60)):
        photo(case_at(*here), by=who, spot=here, at=at, usage=usage)
        photo(case_at(*there), by=who, spot=there, at=at + dt.timedelta(seconds=wait), usage=usage)
    (signal,) = found(Kind.TRAVEL)
    assert signal.person == traveller.pk
    assert signal.facts["seconds"] == 60
    assert 220 < signal.facts["kmh"] < 240
    assert signal.key == f"{traveller.pk}@{timezone.localdate(at).isoformat()}"


def disposed(org, left, number):
    """Cases disposed in time, with that share of the limit left."""
    due = timezone.now() - dt.timedelta(hours=1)
    for _each in range(number):
        ground.stored_case(
            state="80", duty_org=org, dispatched_at=due - dt.timedelta(hours=100), dispose_deadline=due,
            disposed_at=due - dt.timedelta(hours=left), updated_at=timezone.now(),
        )  # fmt: skip


def test_disposals_at_the_very_end_of_the_limit():
    organisation("BUNCHED", division_code="330102000000"), organisation("HONEST")
    disposed("BUNCHED", 2, 12), disposed("BUNCHED", 50, 12)
    disposed("HONEST", 2, 3), disposed("HONEST", 50, 30)
    disposed("FEW", 1, 12)
    (signal,) = found(Kind.BUNCHED)
    assert (signal.org_code, signal.facts["share"], signal.division_code) == ("BUNCHED", 50.0, "330102000000")


def test_a_grid_without_reports_beside_busy_ones():
    codes = {(0, 0): "001", (1, 0): "002", (2, 0): "003", (0, 1): "004", (1, 1): "005", (2, 1): "006"}
    for (x, y), code in codes.items():
        if (x, y) != (0, 0):
            ground.unit_grid(ground.COMMUNITY + code, west=120.0 + x * 0.01, south=30.0 + y * 0.01)
        for _each in range({"002": 0, "006": 8}.get(code, 14)):
            ground.stored_case(grid_code=ground.COMMUNITY + code, source="01")
    ground.stored_case(grid_code=ground.COMMUNITY + "002", source="02")
    (signal,) = found(Kind.QUIET_GRID)
    assert (signal.grid_code, signal.facts["reports"], signal.facts["neighbours"]) == (ground.COMMUNITY + "002", 0, 5)


def checks(who, org, number, failed):
    case = ground.stored_case(duty_org=org, updated_at=timezone.now())
    at = timezone.now() - dt.timedelta(days=2)
    CaseStep.objects.bulk_create(
        CaseStep(
            case=case, origin_code=case.origin_code, seq=seq, action="19" if seq <= failed else "18", to_state="70",
            operator_role="01", operator_id=who.pk, operated_at=at,
        )
        for seq in range(1, number + 1)
    )  # fmt: skip


def test_a_checker_and_a_department_that_always_agree():
    friend, stranger = person("collector"), person("collector")
    checks(friend, "A", 90, 0), checks(stranger, "A", 90, 11)
    checks(friend, "B", 90, 10), checks(stranger, "B", 90, 10)
    (signal,) = found(Kind.PAIR)
    assert (signal.person, signal.org_code, signal.facts["checks"]) == (friend.pk, "A", 90)


class TestRun:
    @pytest.fixture
    def far(self):
        case = case_at()
        photo(case, spot=(120.02, 30.005))
        return case

    def test_a_signal_is_written_once_and_explained(self, far):
        assert find().new[Kind.FAR_PHOTO] == 1
        run = find()
        assert (run.new[Kind.FAR_PHOTO], run.again[Kind.FAR_PHOTO]) == (0, 1)
        signal = Signal.objects.get()
        assert (signal.case, signal.state, signal.setting_version) == (far, "open", 0)
        assert far.case_no in sentence_of(signal)
        assert str(signal.facts["metres"]) in sentence_of(signal)
        assert signal.seen_at > signal.found_at
        assert AuditEvent.objects.filter(action="signal.find").count() == 1

    @pytest.mark.parametrize("kind", Kind)
    def test_every_kind_has_its_sentence_and_its_innocent_reasons(self, kind):
        assert "可能的正常原因" in innocent(kind)

    def test_what_was_reviewed_stays_as_it_is(self, far):
        find()
        Signal.objects.update(state="dismissed", score=1)
        find()
        assert Signal.objects.get().score == 1

    def test_a_kind_that_is_off_is_not_looked_for(self, far):
        terms = sample_terms(Kind.FAR_PHOTO)
        change_terms(
            person("data_officer"), "far_photo", is_on=False, window_days=3, values=dict(terms.values), note="试停"
        )
        assert find().off == [Kind.FAR_PHOTO]
        assert not Signal.objects.exists()

    def test_days_may_be_named(self, far):
        today = timezone.localdate()
        before = today - dt.timedelta(days=9)
        assert find(first=before, last=before).new.total() == 0
        assert find(first=before, last=today).new.total() == 1

    def test_the_command_tells_what_it_found(self, far):
        out = io.StringIO()
        call_command("find_signals", "--json", stdout=out)
        assert json.loads(out.getvalue())["far_photo"] == {"new": 1, "again": 0, "is_on": True}
        with pytest.raises(CommandError, match="after the last"):
            call_command("find_signals", "--from", "2026-02-01", "--to", "2026-01-01")

    def test_false_alarms_are_forgotten_after_their_time(self, far):
        find()
        now = timezone.now()
        Signal.objects.update(state="dismissed", reviewed_at=now - dt.timedelta(days=89))
        assert forget_old(now) == 0
        Signal.objects.update(reviewed_at=now - dt.timedelta(days=91))
        assert forget_old(now) == 1
        assert not Signal.objects.exists()

    def test_confirmed_ones_are_kept_for_two_years(self, far):
        find()
        now = timezone.now()
        Signal.objects.update(state="confirmed", reviewed_at=now - dt.timedelta(days=400))
        assert forget_old(now) == 0
        assert forget_old(now + dt.timedelta(days=731)) == 1

    def test_the_nightly_task_does_all(self, far):
        assert find_signals() == 1

    def test_signals_go_with_their_case(self, far):
        find()
        Case.objects.filter(pk=far.pk).delete()
        assert not Signal.objects.exists()
