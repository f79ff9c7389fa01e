"""Issues: raised once for each rule and node, answered below, closed by a person or when nothing is found any more."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case
from sync.aggregation.models import IssueAnswer, QualityFinding, QualityIssue, QualityScore
from sync.aggregation.rules.numbers import following
from sync.aggregation.services import answering, hearing, raising, running
from sync.exchange.models import InboxEntry, Link, Parked, Stream
from tests.factories.faulty import CITY, apart, case, ground_of_city, joined
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, person

pytestmark = pytest.mark.django_db
PROVINCE = "330000000000-P"


@pytest.fixture
def province(as_tier):
    """The province with one case of 杭州 that was suspended without approval."""
    as_tier("provincial")
    joined()
    ground_of_city()
    return case(geom=apart(1), state="52")


def looked() -> tuple[int, int]:
    running.run_whole(["GL01"])
    return raising.follow()


def parked_record(number: int, code: str = "code_list") -> Parked:
    """A record of 杭州 that could not be applied."""
    stream, _new = Stream.objects.get_or_create(
        producer_code=CITY, flow="up", scope="N", lane="normal",
        defaults={"epoch_id": "0" * 32, "chain": b"\0" * 32, "seq": 0},
    )  # fmt: skip
    return Parked.objects.create(
        stream=stream, epoch_no=1, seq=number, flow="up", dataset="GL01", owner_code=CITY, rid=f"{number:032d}",
        line=b"x", reasons=[{"code": code, "detail": "GL01.state: code_list", "remedy": "请使用代码表"}],
    )  # fmt: skip


def answered(issue: QualityIssue, kind: str = "2", **fields) -> IssueAnswer:
    """An answer as it comes up from 杭州."""
    good = {
        "answer_id": f"{IssueAnswer.objects.count():032d}", "issue_no": issue.issue_no, "issuer_node": PROVINCE,
        "node_code": HANGZHOU, "answer": kind, "content": "已核实", "answered_at": timezone.now(), "origin_code": CITY,
    }  # fmt: skip
    return IssueAnswer.objects.create(**{**good, **fields})


def test_numbers_go_on_from_the_last_one_of_the_day():
    assert following("", "330000ZL20260101", 2) == ["330000ZL20260101000001", "330000ZL20260101000002"]
    assert following("330000ZL20260101000009", "330000ZL20260101", 1) == ["330000ZL20260101000010"]
    with pytest.raises(ValueError, match="no number left"):
        following("330000ZL20260101999999", "330000ZL20260101", 1)


def test_a_finding_becomes_one_issue_for_its_node_and_what_is_parked_another(province):
    for number in (1, 2, 3):
        parked_record(number)
    assert looked() == (2, 0)
    rule, parked = QualityIssue.objects.order_by("cause")
    assert (rule.item_code, rule.dataset, rule.targets, rule.records) == ("GL01-Q6-03", "GL01", [CITY], 1)
    assert (rule.record_key, rule.examples[0]["rid"]) == (province.case_no, str(province.pk))
    assert rule.fix_deadline - rule.found_at == dt.timedelta(days=3)
    assert (parked.item_code, parked.records, parked.record_key, len(parked.examples)) == ("code_list", 3, "", 3)
    assert parked.remedy == "请使用代码表"
    assert looked() == (0, 0)
    assert AuditEvent.objects.filter(action="issue.raise").count() == 2
    assert QualityScore.objects.get(owner_code=CITY, dataset="GL01").parked == 3


def test_what_is_mended_closes_by_itself_and_comes_back_as_a_new_issue(province):
    looked()
    Case.objects.filter(pk=province.pk).update(state="50")
    assert looked() == (0, 1)
    issue = QualityIssue.objects.get()
    assert (issue.state, issue.closed_at is not None, issue.closed_by) == ("3", True, "")
    assert QualityFinding.objects.get(rule_code="GL01-Q6-03").gone_at is not None
    Case.objects.filter(pk=province.pk).update(state="52")
    assert looked() == (1, 0)


def test_only_nodes_that_are_joined_here_are_asked(province):
    Link.objects.update(state="retired")
    assert looked() == (0, 0)
    assert QualityFinding.objects.filter(owner_code=CITY).exists()


def test_an_open_issue_follows_the_number_of_records(province):
    looked()
    case(geom=apart(2), state="52")
    assert looked() == (0, 0)
    issue = QualityIssue.objects.get()
    assert (issue.records, issue.record_key, len(issue.examples)) == (2, "", 2)


def test_an_answer_moves_the_issue_on_and_only_that_of_the_node_asked_counts(province):
    looked()
    issue = QualityIssue.objects.get()
    answered(issue, origin_code="330200000000-C", node_code=NINGBO)
    assert hearing.hear() == 0
    answered(issue, "3")
    assert hearing.hear() == 1
    issue.refresh_from_db()
    assert (issue.state, issue.fixed_at is not None) == ("4", True)
    assert hearing.hear() == 0


def test_an_answer_that_does_not_do_is_sent_back_and_heard_again(province):
    supervisor = person("supervisor", division_code=ZHEJIANG)
    looked()
    no = QualityIssue.objects.get().issue_no
    with pytest.raises(Refused, match="没有待处理的答复"):
        answering.send_back(supervisor, no, conclusion="不充分")
    answered(QualityIssue.objects.get())
    hearing.hear()
    issue = answering.send_back(supervisor, no, conclusion="不充分")
    assert (issue.state, issue.conclusion) == ("1", "不充分")
    assert hearing.hear() == 0
    answered(issue, answered_at=timezone.now() + dt.timedelta(seconds=1))
    assert hearing.hear() == 1


def test_what_a_person_accepted_is_not_raised_again_until_something_new_is_found(province):
    looked()
    supervisor = person("supervisor", division_code=ZHEJIANG)
    no = QualityIssue.objects.get().issue_no
    with pytest.raises(InvalidInput):
        answering.close(supervisor, no, conclusion=" ")
    assert answering.close(supervisor, no, conclusion="情况属实").state == "3"
    assert looked() == (0, 0)
    new = case(geom=apart(2), state="52")
    assert looked() == (1, 0)
    assert [one["rid"] for one in QualityIssue.objects.open().get().examples] == [str(new.pk)]


def test_closing_needs_the_permission_and_the_region(province):
    looked()
    no = QualityIssue.objects.get().issue_no
    with pytest.raises(NotAllowed):
        answering.close(person("leader", division_code=ZHEJIANG), no, conclusion="x")
    with pytest.raises(NotThere):
        answering.close(person("supervisor", division_code=NINGBO), no, conclusion="x")
    assert QualityIssue.objects.get().is_open


def test_following_costs_the_same_for_one_and_for_many(province):
    looked()
    with CaptureQueriesContext(connection) as few:
        raising.follow()
    for number in range(2, 8):
        case(geom=apart(number), state="52")
        parked_record(number, f"code{number}")
    running.run_whole(["GL01"])
    with CaptureQueriesContext(connection) as many:
        raising.follow()
    assert len(many) <= len(few) + 4
    assert QualityIssue.objects.open().count() == 7


def issue_at_city(**fields) -> QualityIssue:
    """An issue of the province as it comes down to 杭州."""
    now = timezone.now()
    good = {
        "issue_no": "330000ZL20260101000001", "node_code": HANGZHOU, "targets": [CITY], "dataset": "GL01",
        "rule_code": "Q6", "cause": "1", "item_code": "GL01-Q6-03", "title": "缓办没有批准记录", "records": 1,
        "examples": [], "found_at": now, "severity": "1", "fix_deadline": now, "origin_code": PROVINCE,
    }  # fmt: skip
    return QualityIssue.objects.create(**{**good, **fields})


def test_the_city_answers_once_until_it_is_sent_back(as_tier):
    as_tier("municipal")
    issue, officer = issue_at_city(), person("data_officer")
    made = answering.answer(officer, issue.issue_no, kind="2", content=" 系统迁移 ")
    assert (made.content, made.issuer_node, made.node_code, made.origin_code) == ("系统迁移", PROVINCE, HANGZHOU, CITY)
    with pytest.raises(Refused, match="已答复"):
        answering.answer(officer, issue.issue_no, kind="1", content="再答")
    QualityIssue.objects.update(state="1", fixed_at=made.answered_at)
    assert answering.answer(officer, issue.issue_no, kind="1", content="已更正").answer == "1"
    QualityIssue.objects.update(state="3", closed_at=timezone.now())
    with pytest.raises(Refused, match="已经关闭"):
        answering.answer(officer, issue.issue_no, kind="1", content="再答")
    assert AuditEvent.objects.filter(action="issue.answer").count() == 2


def test_who_may_not_answer_writes_nothing(as_tier):
    as_tier("municipal")
    no = issue_at_city().issue_no
    for who in (person("leader"), person("data_officer", division_code="330102000000")):
        with pytest.raises(NotAllowed):
            answering.answer(who, no, kind="2", content="x")
    officer = person("data_officer")
    with pytest.raises(NotThere):
        answering.answer(officer, "330000ZL20260101000009", kind="2", content="x")
    for bad in ({"kind": "9", "content": "x"}, {"kind": "2", "content": " "}):
        with pytest.raises(InvalidInput):
            answering.answer(officer, no, **bad)
    assert not IssueAnswer.objects.exists()


def test_what_arrived_is_looked_at_alone_and_once(province):
    running.run_whole()
    stream = parked_record(1).stream
    Parked.objects.all().delete()
    new, other = case(geom=apart(2), state="52"), case(geom=apart(3), state="52")
    InboxEntry.objects.bulk_create([
        InboxEntry(stream_id=stream.pk, epoch_no=1, seq=seq, rid=rid, state="A", batch_id=1)
        for seq, rid in ((1, new.pk), (2, province.pk))
    ])  # fmt: skip
    Stream.objects.update(seq=2)
    Case.objects.filter(pk=province.pk).update(state="50")
    run = running.look_at_changes()
    assert run.faults == {}
    opened = QualityFinding.objects.open().filter(rule_code="GL01-Q6-03")
    assert list(opened.values_list("rid", flat=True)) == [new.pk]
    assert other.pk != new.pk
    assert running.look_at_changes() is None
