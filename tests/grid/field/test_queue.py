"""The queue of a phone: every action once, the claimed time kept, what was overtaken explained, no photo lost."""

import datetime as dt
import io
import threading
import uuid
from dataclasses import replace

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed
from cityops.foundation.models import AuditEvent
from grid.field.models import FieldAction
from grid.field.services import queue, retention
from grid.field.services.reading import Envelope, Spot
from grid.models import Case, CaseMedia, CaseTask
from grid.services import media
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import organisation, person
from tests.factories.photos import photo

pytestmark = [pytest.mark.usefixtures("town"), pytest.mark.django_db]
PLACE = {"longitude": ground.WEST + 0.005, "latitude": ground.SOUTH + 0.005}
SPOT = Spot(ground.WEST + 0.005, ground.SOUTH + 0.0051, 8)
EARLIER = dt.timedelta(minutes=40)


@pytest.fixture
def department():
    return organisation("CZ0000000000000001", name="测试环卫所")


@pytest.fixture
def handler(department):
    return person("department", organisation=department)


def picture(user, usage="report", seed=1):
    return media.store(user, io.BytesIO(photo(seed)), media_id=uuid.uuid4(), usage=usage).pk


def envelope(kind, case=None, *, media=(), seen=None, action_id=None, ago=EARLIER, **inputs):
    return Envelope(
        action_id=action_id or uuid.uuid4(),
        kind=kind,
        claimed_at=timezone.now() - ago,
        case_no=case.case_no if case else "",
        seen_step=seen,
        inputs=inputs,
        media=tuple(media),
        spot=SPOT,
    )


def reporting(user, **more):
    return envelope("report", media=[picture(user)], class_key="2-06001", **PLACE, **more)


def dispatched(desk, department):
    case = ground.registered()
    act(desk, case, "accept")
    act(desk, case, "file", rule=ground_rule())
    return act(desk, case, "dispatch", duty_org=department.org_code)


def ground_rule():
    from sync.standard.models import DisposalRule

    return DisposalRule.objects.get().pk


def to_verify(desk, assignee=None):
    case = ground.registered()
    return act(desk, case, "send_verify", **({"assignee": assignee.username} if assignee else {}))


@pytest.mark.usefixtures("photos_are_asked_for")
def test_a_report_becomes_a_case_with_its_photo_and_what_the_phone_claimed(collector):
    sent = reporting(collector)
    row = queue.take(collector, sent)
    case = Case.objects.get(case_no=row.case_no)
    assert (row.outcome, case.pk, row.step_seq) == ("done", sent.action_id, 1)
    assert (case.description, case.address) == ("暴露垃圾", "测试社区")
    assert row.claimed_at == sent.claimed_at
    assert case.reported_at - sent.claimed_at >= EARLIER
    assert 10 < row.distance_m < 12
    assert (row.accuracy_m, case.media.count(), row.photos.count()) == (8, 1, 1)
    assert AuditEvent.objects.filter(action="field.take", object_key=str(sent.action_id), succeeded=True).exists()


@pytest.mark.usefixtures("photos_are_asked_for")
def test_a_small_matter_is_closed_at_once_with_both_photos(collector):
    both = [picture(collector, "self_before"), picture(collector, "self_after", 2)]
    row = queue.take(collector, envelope("self_handle", media=both, class_key="2-06001", **PLACE))
    assert (row.outcome, row.case.state, row.step_seq) == ("done", Case.State.SELF_CLOSED, 2)
    assert set(row.case.media.values_list("usage", flat=True)) == {"self_before", "self_after"}


@pytest.mark.usefixtures("photos_are_asked_for")
def test_self_handling_without_the_photo_after_leaves_no_case(collector):
    one = envelope("self_handle", media=[picture(collector, "self_before")], class_key="2-06001", **PLACE)
    row = queue.take(collector, one)
    assert (row.outcome, row.case, Case.objects.count()) == ("refused", None, 0)
    assert "自处置后" in row.reason


def test_sent_again_it_is_the_same_answer_and_nothing_more(collector):
    sent = reporting(collector)
    first = queue.take(collector, sent)
    Case.objects.filter(pk=first.case_id).update(state="30")
    assert queue.take(collector, sent) == first
    assert (Case.objects.count(), FieldAction.objects.count(), CaseMedia.objects.count()) == (1, 1, 1)


def test_a_refusal_is_an_answer_that_stays_too(collector):
    sent = envelope("report", media=[picture(collector)], class_key="2-99999", **PLACE)
    first = queue.take(collector, sent)
    ground.class_entry("99999")
    assert queue.take(collector, sent).reason == first.reason
    assert first.outcome == "refused"
    assert Case.objects.count() == 0


def test_an_id_is_not_used_for_something_else(collector):
    sent = reporting(collector)
    queue.take(collector, sent)
    with pytest.raises(InvalidInput, match="已用于另一项"):
        queue.take(collector, reporting(collector, action_id=sent.action_id))


def test_two_people_may_have_the_same_id_and_neither_gets_the_others_case(collector):
    sent = reporting(collector)
    queue.take(collector, sent)
    other = person("collector")
    answer = queue.take(other, reporting(other, action_id=sent.action_id))
    assert (answer.outcome, answer.code, answer.case_no) == ("refused", "taken", "")
    assert Case.objects.count() == 1


def test_photos_that_have_not_arrived_make_the_phone_come_again(collector):
    lost = uuid.uuid4()
    sent = envelope("report", media=[lost], class_key="2-06001", **PLACE)
    (answer,) = queue.take_all(collector, [sent])
    assert (answer.outcome, answer.code, answer.missing) == ("again", "media", (lost,))
    assert FieldAction.objects.count() == 0
    media.store(collector, ContentFile(photo()), media_id=lost, usage="report")
    assert queue.take(collector, sent).outcome == "done"


def test_after_one_that_must_come_again_those_of_its_case_wait(desk, department, handler):
    case = dispatched(desk, department)
    signing = envelope("sign", case, seen=4, media=[uuid.uuid4()])
    feeding = envelope("feed_back", case, seen=4, opinion="已清理")
    assert [one.outcome for one in queue.take_all(handler, [signing, feeding])] == ["again", "again"]
    case.refresh_from_db()
    assert case.state == Case.State.DISPATCHED


def test_signing_and_feeding_back_from_the_same_sight_is_no_conflict(desk, department, handler):
    case = dispatched(desk, department)
    batch = [envelope("sign", case, seen=4), envelope("feed_back", case, seen=4, opinion="已清理")]
    assert [one.outcome for one in queue.take_all(handler, batch)] == ["done", "done"]
    case.refresh_from_db()
    assert case.state == Case.State.FEEDBACK


def test_a_delay_is_applied_for_from_the_phone(desk, department, handler):
    case = dispatched(desk, department)
    assert queue.take(handler, envelope("apply_delay", case, seen=4, opinion="需要吊车")).outcome == "done"
    case.refresh_from_db()
    assert case.pending == "delay"


def test_nothing_but_the_inputs_of_the_move_gets_through(desk, department, handler):
    case = dispatched(desk, department)
    for name in ("at", "version", "media", "user", "handler_id"):
        one = replace(envelope("apply_return", case), inputs={"opinion": "不属本单位", name: 1})
        row = queue.take(handler, one)
        assert (row.outcome, row.code) == ("refused", "unknown")
    case.refresh_from_db()
    assert case.pending == ""


def test_urging_meanwhile_makes_no_conflict(desk, department, handler):
    case = dispatched(desk, department)
    act(desk, case, "urge")
    assert queue.take(handler, envelope("sign", case, seen=4)).outcome == "done"


def test_what_others_did_meanwhile_is_told_and_the_photo_goes_with_the_case(collector, desk):
    case = to_verify(desk)
    act(person("inspector"), case, "verify_true")
    row = queue.take(collector, envelope("verify_true", case, seen=2, media=[picture(collector, "verify")]))
    assert (row.outcome, row.code) == ("conflict", "overtaken")
    assert "已由他人办理" in row.reason
    assert "现为“待立案”" in row.reason
    assert "核实反馈" in row.reason
    assert "已附入案件" in row.reason
    assert case.media.get().usage == "other"


def test_a_second_round_of_checking_is_not_answered_by_the_look_of_the_first(collector, desk, department, handler):
    case = dispatched(desk, department)
    for _round in range(2):
        act(handler, case, "sign")
        act(handler, case, "feed_back", opinion="已清理")
        act(desk, case, "send_check")
        if _round == 0:
            seen = case.steps.count()
            act(person("inspector"), case, "fail_check", opinion="仍有垃圾")
    row = queue.take(collector, envelope("pass_check", case, seen=seen))
    case.refresh_from_db()
    assert (row.outcome, case.state) == ("conflict", Case.State.CHECKING)


def test_a_task_given_to_another_is_not_answered(collector, desk):
    case = to_verify(desk, assignee=collector)
    CaseTask.objects.update(assignee=person("collector"))
    row = queue.take(collector, envelope("verify_true", case, seen=2))
    assert (row.outcome, "已改派给他人" in row.reason) == ("conflict", True)
    case.refresh_from_db()
    assert case.state == Case.State.VERIFYING


def test_a_case_given_to_another_department_is_a_conflict_that_tells_nothing_of_it(desk, department, handler):
    case = dispatched(desk, department)
    Case.objects.filter(pk=case.pk).update(duty_org=organisation().org_code)
    row = queue.take(handler, envelope("sign", case, seen=4, media=[picture(handler, "handle")]))
    assert (row.outcome, row.case) == ("conflict", None)
    assert "现为" not in row.reason
    assert "保留在这条操作记录里" in row.reason


def test_photos_of_a_refused_action_outlive_the_sweep_until_its_content_goes(collector):
    row = queue.take(collector, envelope("report", media=[picture(collector)], class_key="2-99999", **PLACE))
    loose = picture(collector, seed=2)
    later = timezone.now() + dt.timedelta(days=2)
    assert media.drop_loose(later) == 1
    assert set(CaseMedia.objects.values_list("pk", flat=True)) == set(row.photos.values_list("pk", flat=True))
    assert not CaseMedia.objects.filter(pk=loose).exists()
    assert retention.empty_old(timezone.now() + dt.timedelta(days=364)) == 0
    assert retention.empty_old(timezone.now() + dt.timedelta(days=366)) == 1
    row.refresh_from_db()
    assert (row.payload, row.geom, row.outcome) == ({}, None, "refused")
    assert media.drop_loose(later) == 1


def test_the_id_of_an_emptied_action_is_still_taken(collector):
    sent = reporting(collector)
    first = queue.take(collector, sent)
    retention.empty_old(timezone.now() + dt.timedelta(days=366))
    assert queue.take(collector, sent) == first
    assert Case.objects.count() == 1


def test_the_phone_is_for_those_of_the_street(desk):
    with pytest.raises(NotAllowed):
        queue.take(desk, envelope("report", class_key="2-06001", **PLACE))
    assert FieldAction.objects.count() == 0


def test_a_collector_cannot_do_what_the_department_does(collector, desk, department):
    case = dispatched(desk, department)
    row = queue.take(collector, envelope("sign", case, seen=4))
    assert row.outcome == "refused"
    case.refresh_from_db()
    assert case.state == Case.State.DISPATCHED


def test_what_nobody_foresaw_asks_to_come_again_and_spoils_no_other(collector, monkeypatch):
    good, bad = reporting(collector), reporting(collector)
    real = queue.read_report

    def breaking(user, one):
        if one is bad:
            raise RuntimeError("broken")
        return real(user, one)

    monkeypatch.setattr(queue, "read_report", breaking)
    assert [one.outcome for one in queue.take_all(collector, [bad, good])] == ["again", "done"]
    assert FieldAction.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_action_sent_by_two_connections_at_once_is_done_once(collector):
    sent, answers, start = reporting(collector), [], threading.Barrier(2)

    def send():
        start.wait()
        try:
            answers.append(queue.take(collector, sent).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    assert len(set(answers)) == 1
    assert (Case.objects.count(), FieldAction.objects.count()) == (1, 1)
