"""Pages of aggregation: scores lead to rules, findings and issues; rules change by version; issues are answered."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.models import AuditEvent
from sync.aggregation.models import IssueAnswer, QualityFinding, QualityIssue, QualityRun, RuleVersion
from sync.aggregation.selectors.ruleset import rules
from sync.aggregation.services import raising, running
from tests.factories.faulty import CITY, apart, case, ground_of_city, joined
from tests.factories.people import NINGBO, ZHEJIANG, person
from tests.sync.aggregation.test_issues import issue_at_city

pytestmark = pytest.mark.django_db


@pytest.fixture
def province(as_tier):
    """The province that looked at one bad case of 杭州."""
    as_tier("provincial")
    joined()
    ground_of_city()
    bad = case(geom=apart(1), state="52")
    running.run_whole(["GL01"])
    raising.follow()
    return bad


def signed_in(client, role="data_officer", division=ZHEJIANG):
    client.force_login(person(role, division_code=division))
    return client


def page(client, name, *args, query=""):
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer


def test_a_score_leads_to_its_rules_the_findings_and_the_record(client, province):
    signed_in(client)
    overview = page(client, "aggregation-overview")
    assert reverse("aggregation-score", args=[CITY, "GL01"]) in overview.content.decode()
    assert (overview.context["sums"].open_issues, overview.context["sums"].findings) == (1, 1)
    score = page(client, "aggregation-score", CITY, "GL01")
    assert score.context["standings"][0].rule.code == "GL01-Q6-03"
    found = page(client, "aggregation-findings", query=f"?owner={CITY}&rule=GL01-Q6-03")
    assert found.context["page"].paginator.count == 1
    assert province.case_no in found.content.decode()
    assert page(client, "aggregation-findings", query="?state=gone").context["page"].paginator.count == 0
    assert page(client, "aggregation-findings", query="?clause=Q7").context["page"].paginator.count == 0


@pytest.mark.parametrize("name", ["aggregation-findings-export", "aggregation-issues-export"])
def test_lists_come_as_a_file_within_the_region(client, province, name):
    text = b"".join(signed_in(client).get(reverse(name) + "?format=csv")).decode("utf-8-sig")
    assert "GL01-Q6-03" in text
    elsewhere = b"".join(signed_in(client, division=NINGBO).get(reverse(name) + "?format=csv")).decode()
    assert "GL01-Q6-03" not in elsewhere


def test_a_run_is_begun_once_by_who_is_responsible_for_all(client, province):
    address = reverse("aggregation-run")
    assert signed_in(client, division="330100000000").post(address).status_code == 403
    QualityRun.objects.all().delete()
    signed_in(client).post(address)
    client.post(address)
    assert QualityRun.objects.get().state == "running"
    assert running.carry_on(lambda: True).state == "running"
    assert page(client, "aggregation-overview").context["run"].todo
    assert running.carry_on(lambda: False).state == "done"


def test_a_rule_changes_by_version_with_its_reason(client, province):
    signed_in(client)
    address = reverse("aggregation-rule", args=["GL01-Q9-03"])
    form = page(client, "aggregation-rule", "GL01-Q9-03").context["form"]
    given = {**form.initial, "params": '{"metres": 800}', "reason": "本省口径"}
    assert client.post(address, {**given, "params": "{}"}).status_code == 400
    assert client.post(address, {**given, "params": "8"}).status_code == 400
    assert client.post(address, {**given, "reason": ""}).status_code == 400
    assert not RuleVersion.objects.exists()
    assert client.post(address, given).status_code == 302
    assert (rules()["GL01-Q9-03"].params, rules()["GL01-Q9-03"].version) == ({"metres": 800}, 2)
    client.post(address, given)
    version = RuleVersion.objects.get()
    assert (version.version, version.reason) == (2, "本省口径")
    assert "本省口径" in page(client, "aggregation-rule", "GL01-Q9-03").content.decode()
    assert AuditEvent.objects.filter(action="quality_rule.change", object_key="GL01-Q9-03").count() == 1
    assert signed_in(client, division="330100000000").post(address, given).status_code == 400


def test_a_rule_that_is_switched_off_ends_what_it_found(client, province):
    signed_in(client)
    form = page(client, "aggregation-rule", "GL01-Q6-03").context["form"]
    given = {**form.initial, "reason": "停用"}
    given.pop("is_active")
    client.post(reverse("aggregation-rule", args=["GL01-Q6-03"]), given)
    running.run_whole(["GL01"])
    assert raising.follow() == (0, 1)
    assert QualityFinding.objects.get().gone_at is not None


def test_the_superior_closes_and_sends_back(client, province):
    signed_in(client, "supervisor")
    issue = QualityIssue.objects.get()
    text = page(client, "aggregation-issue", issue.issue_no).content.decode()
    assert province.case_no in text
    assert reverse("aggregation-issue-return", args=[issue.issue_no]) not in text
    back = reverse("aggregation-issue-return", args=[issue.issue_no])
    assert client.post(back, {"conclusion": "不充分"}).status_code == 400
    assert client.post(reverse("aggregation-issue-close", args=[issue.issue_no]), {"conclusion": ""}).status_code == 400
    client.post(reverse("aggregation-issue-close", args=[issue.issue_no]), {"conclusion": "接受"})
    issue.refresh_from_db()
    assert (issue.state, issue.conclusion) == ("3", "接受")
    for view, count in (("closed", 1), ("open", 0), ("", 1)):
        assert page(client, "aggregation-issues", query=f"?view={view}").context["page"].paginator.count == count


def test_the_city_answers_on_its_page(client, as_tier):
    as_tier("municipal")
    issue = issue_at_city(fix_deadline=timezone.now())
    signed_in(client, division="330100000000")
    assert page(client, "aggregation-issues", query="?view=overdue").context["page"].paginator.count == 1
    address = reverse("aggregation-issue-answer", args=[issue.issue_no])
    assert page(client, "aggregation-issue", issue.issue_no).context["answer_form"] is not None
    assert client.post(address, {"kind": "1", "content": ""}).status_code == 400
    assert client.post(address, {"kind": "1", "content": "已更正"}).status_code == 302
    assert IssueAnswer.objects.get().content == "已更正"
    after = page(client, "aggregation-issue", issue.issue_no)
    assert (after.context["answer_form"], after.context["waits"]) == (None, True)
