"""Keep, open, search, ask, answer, dispute, erase, rotate."""

import datetime as dt
import io
import stat
import uuid

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case
from grid.reporters.models import ContactRequest, OpeningAlarm, Reporter, ReporterOpening
from grid.reporters.selectors import masked
from grid.reporters.services import keeping, opening
from grid.reporters.services.contacts import answer_contact, ask_contact
from grid.reporters.services.keeping import erase_expired, set_dispute
from grid.reporters.services.keys import cipher
from grid.reporters.services.opening import KeyMissing, TooManyOpenings, find_by_phone, open_reporter, opened
from grid.reporters.tasks import erase_reporters
from grid.services.reporting_hooks import keep_reporter
from tests.factories import grid as ground
from tests.factories.people import NINGBO, organisation, person
from tests.grid.reporters.conftest import ADDRESS, EMAIL, NAME, PHONE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


@pytest.fixture
def case():
    return reported()


@pytest.fixture
def acceptor():
    return person("acceptor")


def reported(**given):
    case = ground.registered()
    keep_reporter(case.rid, **{"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS, **given})
    return case


def test_a_reporter_is_kept_closed_and_opens_again(case):
    record = Reporter.objects.get(pk=case.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM reporters_reporter r")
        stored = cursor.fetchone()[0]
    for secret in (NAME, PHONE, EMAIL, ADDRESS):
        assert secret not in stored
        assert secret.encode().hex() not in stored
    assert opened(record) == opening.Person(NAME, PHONE, EMAIL, ADDRESS)
    shown = masked(record, cipher())
    assert (shown.name, shown.phone, shown.address) == ("欧**", "139****4321", "测试一路**")


def test_nobody_is_kept_of_an_anonymous_report():
    case = ground.registered()
    keep_reporter(case.rid)
    assert not Reporter.objects.exists()
    assert not AuditEvent.objects.filter(action="reporter.keep").exists()


def test_the_first_record_stays_and_the_trail_says_only_what_was_filled(case):
    keep_reporter(case.rid, name="别人", phone="13700000000")
    assert opened(Reporter.objects.get()).name == NAME
    entry = AuditEvent.objects.get(action="reporter.keep")
    assert entry.after == {"filled": ["name", "phone", "email", "address"]}


@pytest.mark.parametrize(
    ("given", "field"), [({"phone": "12"}, "reporter_phone"), ({"name": "某" * 61}, "reporter_name")]
)
def test_what_cannot_be_is_refused_with_its_field(given, field):
    with pytest.raises(InvalidInput) as refused:
        keep_reporter(ground.registered().rid, **given)
    assert refused.value.facts["errors"][0]["field"] == field


def test_a_record_is_opened_one_at_a_time_with_a_reason_that_stays_with_it(case, acceptor):
    assert open_reporter(acceptor, case.case_no, reason="回访核实").phone == PHONE
    row = ReporterOpening.objects.get()
    assert (row.reporter_id, row.opened_by, row.reason) == (case.pk, acceptor, "回访核实")
    entry = AuditEvent.objects.get(action="reporter.open")
    assert (entry.object_key, entry.reason) == (case.case_no, "回访核实")
    assert PHONE not in str(entry.__dict__)


def test_a_log_of_openings_is_never_changed(case, acceptor):
    open_reporter(acceptor, case.case_no, reason="回访")
    with pytest.raises(Exception, match="annot update"):
        ReporterOpening.objects.update(reason="x")


@pytest.mark.parametrize("reason", ["", "  ", f"打 {PHONE}", f"找{NAME}"])
def test_without_a_reason_or_with_one_that_tells_nothing_is_opened(case, acceptor, reason):
    with pytest.raises(InvalidInput):
        open_reporter(acceptor, case.case_no, reason=reason)
    assert not ReporterOpening.objects.exists()


@pytest.mark.parametrize("role", ["department", "dispatcher", "collector", "leader", "data_officer", "inspector"])
def test_who_does_not_talk_with_the_public_opens_nothing(case, role):
    with pytest.raises(NotAllowed):
        open_reporter(person(role), case.case_no, reason="看看")
    with pytest.raises(NotAllowed):
        find_by_phone(person(role), PHONE)


def test_another_citys_record_is_not_there(case):
    other = person("acceptor", division_code=NINGBO)
    with pytest.raises(NotThere):
        open_reporter(other, case.case_no, reason="回访")
    assert find_by_phone(other, PHONE) == []


def test_twenty_an_hour_and_no_more(case, acceptor):
    for _time in range(opening.PER_HOUR):
        open_reporter(acceptor, case.case_no, reason="回访")
    with pytest.raises(TooManyOpenings) as refused:
        open_reporter(acceptor, case.case_no, reason="回访")
    assert refused.value.status == 429
    assert ReporterOpening.objects.count() == opening.PER_HOUR
    open_reporter(person("acceptor"), case.case_no, reason="回访")


def test_fifty_a_day_raise_one_alarm(case, acceptor, monkeypatch):
    monkeypatch.setattr(opening, "PER_HOUR", 1000)
    noon = timezone.localtime().replace(hour=12, minute=0)
    monkeypatch.setattr(opening.timezone, "now", lambda: noon)
    for number in range(1, 53):
        open_reporter(acceptor, case.case_no, reason="回访")
        assert OpeningAlarm.objects.count() == (number >= opening.PER_DAY)
    assert OpeningAlarm.objects.get().openings == 52
    assert AuditEvent.objects.filter(action="reporter.many_openings").count() == 1


def test_cases_are_found_by_number_in_any_spelling_without_opening_any(case, acceptor):
    again = reported(phone=f"+86 {PHONE[:3]}-{PHONE[3:]}")
    reported(phone="13700000000")
    found = find_by_phone(acceptor, f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}")
    assert {row.pk for row in found} == {case.pk, again.pk}
    assert find_by_phone(acceptor, "13111111111") == []
    assert not ReporterOpening.objects.exists()
    entry = AuditEvent.objects.filter(action="reporter.search").first()
    assert PHONE not in str(entry.__dict__)
    with pytest.raises(InvalidInput):
        find_by_phone(acceptor, "139")


# --- contact needed


@pytest.fixture
def handler(case):
    own = organisation("OWN")
    Case.objects.filter(pk=case.pk).update(duty_org=own.org_code)
    return person("department", organisation=own)


def test_a_department_asks_and_acceptance_answers(case, handler, acceptor):
    asked = ask_contact(handler, case.case_no, question="请问具体楼层")
    assert ask_contact(handler, case.case_no, question="请问具体楼层").pk == asked.pk
    for telling in (f"他叫{NAME}", f"自己打{PHONE}"):
        with pytest.raises(InvalidInput):
            answer_contact(acceptor, asked.pk, answer=telling)
    done = answer_contact(acceptor, asked.pk, answer="三楼")
    assert (done.answer, done.answered_by) == ("三楼", acceptor)
    answer_contact(acceptor, asked.pk, answer="三楼")
    with pytest.raises(Refused):
        answer_contact(acceptor, asked.pk, answer="四楼")
    assert AuditEvent.objects.filter(action__startswith="contact.").count() == 2


def test_others_cases_and_anonymous_reports_are_not_asked_about(case, handler):
    with pytest.raises(NotThere):
        ask_contact(person("department", organisation=organisation()), case.case_no, question="x")
    Reporter.objects.all().delete()
    with pytest.raises(Refused, match="匿名"):
        ask_contact(handler, case.case_no, question="x")
    with pytest.raises(NotAllowed):
        ask_contact(person("leader"), case.case_no, question="x")
    assert not ContactRequest.objects.exists()


def test_who_may_not_answer_does_not(case, handler, acceptor):
    asked = ask_contact(handler, case.case_no, question="请问楼层")
    with pytest.raises(NotAllowed):
        answer_contact(handler, asked.pk, answer="x")
    with pytest.raises(NotThere):
        answer_contact(person("acceptor", division_code=NINGBO), asked.pk, answer="x")
    with pytest.raises(InvalidInput):
        answer_contact(acceptor, asked.pk, answer=" ")


# --- the end of keeping


def ended(case, days, state="80"):
    at = timezone.now() - dt.timedelta(days=days)
    column = {"80": "closed_at", "31": "rejected_at"}.get(state, "updated_at")
    Case.objects.filter(pk=case.pk).update(**{"state": state, column: at})


def test_who_reported_is_erased_a_year_after_the_end_and_the_case_stays():
    rows = {name: reported() for name in ("old", "rejected", "voided", "young", "open", "disputed")}
    ended(rows["old"], 370)
    ended(rows["rejected"], 370, "31")
    ended(rows["voided"], 370, "90")
    ended(rows["young"], 360)
    ended(rows["disputed"], 370)
    set_dispute(person("duty_leader"), rows["disputed"].case_no, in_dispute=True, reason="复议未结")
    assert erase_reporters() == 3
    gone = set(Reporter.objects.filter(erased_at__isnull=False).values_list("pk", flat=True))
    assert gone == {rows[name].pk for name in ("old", "rejected", "voided")}
    for record in Reporter.objects.filter(pk__in=gone):
        assert (record.phone_index, bytes(record.name), bytes(record.phone), bytes(record.email)) == (
            None,
            b"",
            b"",
            b"",
        )
        assert bytes(record.address) == b""
    assert Case.objects.count() == 6
    assert erase_reporters() == 0
    with pytest.raises(NotThere):
        open_reporter(person("acceptor"), rows["old"].case_no, reason="回访")
    set_dispute(person("duty_leader"), rows["disputed"].case_no, in_dispute=False, reason="已了结")
    assert erase_reporters() == 1


def test_many_are_erased_in_turns(monkeypatch):
    monkeypatch.setattr(keeping, "EACH_TIME", 2)
    for _number in range(5):
        ended(reported(), 400)
    assert erase_expired() == 5


def test_zero_months_erase_nothing(settings):
    settings.CITYOPS_REPORTER_MONTHS = 0
    ended(reported(), 4000)
    assert erase_expired() == 0


def test_a_dispute_needs_the_right_and_a_reason(case, acceptor):
    with pytest.raises(NotAllowed):
        set_dispute(acceptor, case.case_no, in_dispute=True, reason="x")
    with pytest.raises(InvalidInput):
        set_dispute(person("duty_leader"), case.case_no, in_dispute=True, reason="")
    with pytest.raises(NotThere):
        set_dispute(person("duty_leader", division_code=NINGBO), case.case_no, in_dispute=True, reason="x")


# --- keys


def key_files(settings):
    return sorted(path.name for path in settings.CITYOPS_KEY_DIR.glob("*.field.*.key"))


def test_keys_are_made_on_first_use_private_and_outside_the_database(case, settings):
    assert len(key_files(settings)) == 1
    for path in settings.CITYOPS_KEY_DIR.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(settings.CITYOPS_KEY_DIR.glob("*.part"))


def test_rotating_closes_every_record_anew_and_drops_what_closes_nothing(case, settings, monkeypatch, acceptor):
    monkeypatch.setattr(keeping, "EACH_TIME", 2)
    for _number in range(4):
        reported(email="", address="")
    first = key_files(settings)
    before = bytes(Reporter.objects.get(pk=case.pk).phone)
    out = io.StringIO()
    call_command("rotate_field_keys", stdout=out)
    assert "5 records" in out.getvalue()
    record = Reporter.objects.get(pk=case.pk)
    assert bytes(record.phone) != before
    assert {cipher().key_of(bytes(row.phone)) for row in Reporter.objects.all()} == {cipher().newest}
    assert opened(record) == opening.Person(NAME, PHONE, EMAIL, ADDRESS)
    assert len(find_by_phone(acceptor, PHONE)) == 5
    assert set(first) < set(key_files(settings))
    call_command("rotate_field_keys", stdout=io.StringIO())
    assert len(key_files(settings)) == 2
    assert first[0] not in key_files(settings)
    assert opened(Reporter.objects.get(pk=case.pk)).name == NAME


def test_without_its_key_a_record_says_so_and_shows_nothing(case, settings, tmp_path, acceptor):
    settings.CITYOPS_KEY_DIR = tmp_path / "elsewhere"
    assert masked(Reporter.objects.get(), cipher()).is_readable is False
    with pytest.raises(KeyMissing, match="备份"):
        open_reporter(acceptor, case.case_no, reason="回访")
    assert not ReporterOpening.objects.exists()


def test_a_record_that_was_moved_to_another_case_does_not_open(case):
    other = reported(name="李某", phone="13700000000")
    stolen = Reporter.objects.get(pk=case.pk).phone
    Reporter.objects.filter(pk=other.pk).update(phone=stolen)
    with pytest.raises(KeyMissing):
        opened(Reporter.objects.get(pk=other.pk))


def test_an_unknown_case_keeps_nobody():
    with pytest.raises(Case.DoesNotExist):
        keep_reporter(uuid.uuid4(), name="张某")
