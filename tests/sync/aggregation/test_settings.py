"""The due list with its settings, code mappings, the return flow, the API and the commands."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from sync.aggregation.models import CodeMapping, DatasetPlan, QualityFinding, QualityIssue, RuleVersion
from sync.aggregation.rules.dues import frequency_of, last_due, state_of
from sync.aggregation.rules.scoring import Judged, light, score
from sync.aggregation.selectors.dues import due_list
from sync.aggregation.selectors.mapping import by_standard_class, unmapped
from sync.aggregation.services import running
from sync.aggregation.services.settings import add_mapping, set_plan
from sync.exchange.models import RecordVersion
from tests.factories import grid as ground
from tests.factories.faulty import CITY, apart, case, daily, ground_of_city, joined
from tests.factories.people import NINGBO, ZHEJIANG, api_token, bearer, person

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("增量:15分钟或日(可配)", "quarter_hour"), ("日 T+1", "day"), ("月/季/年", "month"),
        ("变更 T+1,年度全量", "change"),
        ("即时", "live"), ("季/年", "quarter"), ("年", "year"), ("随时", "change"),
    ],
)  # fmt: skip
def test_the_words_of_a_definition_say_how_often(words, code):
    assert frequency_of(words) == code


@pytest.mark.parametrize(
    ("frequency", "now", "period"),
    [
        ("day", (2026, 3, 2, 5, 59), "2026-02-28"), ("day", (2026, 3, 2, 6, 0), "2026-03-01"),
        ("month", (2026, 3, 5, 23, 59), "202601"), ("month", (2026, 3, 6, 0, 0), "202602"),
        ("quarter", (2026, 4, 6, 0, 0), "2026Q1"), ("year", (2026, 1, 5, 12, 0), "2024"),
        ("year", (2026, 1, 6, 0, 0), "2025"),
    ],
)  # fmt: skip
def test_the_last_period_that_was_due(frequency, now, period):
    assert last_due(frequency, dt.datetime(*now, tzinfo=ZONE), ZONE).period == period
    assert last_due("live", dt.datetime(*now, tzinfo=ZONE), ZONE) is None


def test_how_a_dataset_stands():
    now = dt.datetime(2026, 3, 2, 12, tzinfo=ZONE)
    due, day = last_due("day", now, ZONE), dt.timedelta(days=1)
    told = [
        state_of(frequency=f, due=d, records=n, arrived_at=at, now=now)
        for f, d, n, at in (
            ("day", due, 0, None), ("day", due, 4, now - day), ("day", due, 4, now), ("day", due, 4, None),
            ("quarter_hour", None, 9, now - 2 * day), ("quarter_hour", None, 9, now), ("live", None, 0, None),
            ("change", None, 3, now - 300 * day),
        )
    ]  # fmt: skip
    assert told == ["missing", "ok", "late", "ok", "late", "ok", "none", "ok"]


def test_a_score_weighs_rules_by_severity_and_counts_groups_singly():
    assert score([]) is None
    assert score([Judged("1", 0, 0)]) is None
    assert str(score([Judged("1", 100, 0), Judged("3", 100, 50)])) == "91.67"
    assert str(score([Judged("2", 100, 5, by_record=False)])) == "50.00"
    assert str(score([Judged("2", 100, 50, by_record=False)])) == "0.00"
    assert [light(score([Judged("1", 1000, n)])) for n in (0, 21, 200)] == ["green", "yellow", "red"]
    assert light(None) == "none"


@pytest.fixture
def province(as_tier):
    """The province with one case of 杭州 under a local class, and the statistic of the day before yesterday."""
    as_tier("provincial")
    joined()
    ground_of_city()
    daily(timezone.localdate() - dt.timedelta(days=2))
    return case(geom=apart(1), ext_class="LOCAL")


def officer(division=ZHEJIANG):
    return person("data_officer", division_code=division)


def row_of(dataset: str):
    return next(row for row in due_list(officer(), node=CITY) if row.dataset == dataset)


@pytest.mark.django_db
def test_the_due_list_says_what_is_missing_and_a_setting_changes_it(province, django_assert_max_num_queries):
    statistic = row_of("GL04")
    assert (statistic.frequency, statistic.state, statistic.prefilled_from) == ("day", "missing", "GL01")
    daily(timezone.localdate() - dt.timedelta(days=1), kind="1")
    daily(timezone.localdate() - dt.timedelta(days=2), kind="1")
    assert row_of("GL04").state == "ok"
    who = officer()
    assert row_of("GL05").state == "missing"
    set_plan(who, CITY, "GL05", is_subscribed=False, frequency="month", note="未建", reason="未建")
    set_plan(who, CITY, "GL05", is_subscribed=False, frequency="month", note="未建", reason="未建")
    assert (row_of("GL05").state, row_of("GL05").note) == ("off", "未建")
    assert AuditEvent.objects.filter(action="dataset_plan.change").count() == 1
    with django_assert_max_num_queries(12):
        due_list(who)


@pytest.mark.django_db
def test_what_is_not_subscribed_is_not_checked(province):
    running.run_whole(["GL01"])
    assert QualityFinding.objects.open().filter(rule_code="GL01-Q4-05").exists()
    set_plan(officer(), CITY, "GL01", is_subscribed=False, frequency="day", reason="暂停")
    running.run_whole(["GL01"])
    assert not QualityFinding.objects.open().filter(owner_code=CITY).exists()


@pytest.mark.django_db
def test_a_mapping_ends_the_finding_and_counts_local_cases_under_the_standard(province):
    who = officer()
    assert [(one.local_code, one.cases) for one in unmapped(who)] == [("LOCAL", 1)]
    given = {"node": CITY, "kind": "2", "local_code": "LOCAL", "version": ground.CURRENT}
    with pytest.raises(InvalidInput, match="没有分类"):
        add_mapping(who, **given, class_code="77777")
    ground.class_entry("06002", name="积存垃圾")
    add_mapping(who, **given, class_code="06002")
    assert unmapped(who) == []
    assert by_standard_class([CITY]) == {("2", "06002"): 1}
    running.run_whole(["GL01"])
    assert not QualityFinding.objects.open().filter(rule_code="GL01-Q4-05").exists()
    with pytest.raises(InvalidInput, match="须晚于"):
        add_mapping(who, **given, class_code=ground.LITTER)
    add_mapping(who, **given, class_code=ground.LITTER, valid_from=timezone.localdate() + dt.timedelta(days=1))
    assert CodeMapping.objects.filter(valid_to__isnull=True).get().class_code == ground.LITTER


@pytest.mark.django_db
def test_the_pages_of_settings_open_and_write(client, province):
    client.force_login(officer())
    address = reverse("aggregation-plan", args=[CITY, "GL01"])
    assert client.get(address).status_code == 200
    assert client.post(address, {"frequency": "day", "reason": ""}).status_code == 400
    assert client.post(address, {"frequency": "day", "is_subscribed": "on", "reason": "试"}).status_code == 302
    assert DatasetPlan.objects.get().frequency == "day"
    ground.class_entry("06002", name="积存垃圾")
    new = {"node": CITY, "kind": "2", "local_code": "LOCAL", "version": ground.CURRENT, "class_code": "06002"}
    assert client.get(reverse("aggregation-mapping-new") + "?node=x").status_code == 200
    assert client.post(reverse("aggregation-mapping-new"), {**new, "node": "110000000000-P"}).status_code == 400
    assert client.post(reverse("aggregation-mapping-new"), new).status_code == 302
    end = reverse("aggregation-mapping-end", args=[CodeMapping.objects.get().pk])
    client.post(end, {"reason": ""})
    assert CodeMapping.objects.get().valid_to is None
    client.post(end, {"reason": "停用"})
    assert CodeMapping.objects.get().valid_to == timezone.localdate()
    assert "LOCAL" in client.get(reverse("aggregation-mappings")).content.decode()
    for state in ("missing", "off", ""):
        assert client.get(reverse("aggregation-dues") + f"?state={state}").status_code == 200


@pytest.mark.django_db
def test_a_city_fetches_its_own_records_back_and_nobody_elses(client, province):
    RecordVersion.objects.create(
        rid=province.pk, dataset="GL01", owner_code=CITY, rec_epoch=1, rev=3, op="U", content_sha=b"0" * 32, seq=9,
        at=timezone.now(),
    )  # fmt: skip
    client.force_login(officer("330100000000"))
    assert client.get(reverse("aggregation-returns", args=[CITY])).context["rows"][0][2] == 1
    address = reverse("aggregation-return-file", args=[CITY, "GL01"])
    lines = [json.loads(line) for line in b"".join(client.get(address)).decode().splitlines()]
    assert [(one["rid"], one["rev"], one["case_no"]) for one in lines] == [(str(province.pk), 3, province.case_no)]
    assert lines[0]["geom"]["type"] == "Point"
    assert province.case_no in b"".join(client.get(address + "?format=csv")).decode("utf-8-sig")
    assert AuditEvent.objects.filter(action="records.return").count() == 2
    client.force_login(officer(NINGBO))
    assert client.get(address).status_code == 404
    assert client.get(reverse("aggregation-returns", args=[CITY])).status_code == 404


@pytest.mark.django_db
def test_the_api_gives_issues_scores_and_dues(client, province, capsys):
    call_command("quality_run", "GL01")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"rule": "GL01-Q4-05", "node": CITY, "checked": 1, "broken": 1} in told
    assert told[-1]["faults"] == {}
    headers = bearer(api_token(person("data_officer", division_code=ZHEJIANG, is_integration=True)))

    def read(name, *args):
        answer = client.get(reverse(f"api:{name}", args=args), headers=headers)
        assert answer.status_code == 200
        return answer.json()

    issue = QualityIssue.objects.get(item_code="GL01-Q4-05")
    assert issue.issue_no in {one["issue_no"] for one in read("quality-issue-list")["results"]}
    assert read("quality-issue", issue.issue_no)["examples"][0]["key"] == province.case_no
    assert {(one["owner_code"], one["dataset"]) for one in read("quality-score-list")} == {(CITY, "GL01")}
    assert any(one["dataset"] == "GL04" and one["state"] == "missing" for one in read("due-list"))


@pytest.mark.django_db
def test_rules_come_from_a_file_whole_or_not_at_all(as_tier, tmp_path):
    as_tier("provincial")
    good = {
        "code": "LOCAL-1", "dataset": "GL01", "clause": "Q1", "title": "没有地址", "check": "filled",
        "params": {"fields": ["address"]},
    }  # fmt: skip
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"rules": [good, {**good, "code": "LOCAL-2", "params": {"fields": ["nothing"]}}]}))
    with pytest.raises(CommandError, match="no field nothing"):
        call_command("quality_rules", str(file))
    assert not RuleVersion.objects.exists()
    file.write_text(json.dumps({"rules": [{**good, "check": "sql"}, {**good, "clause": "Q0"}, {"code": "x"}]}))
    with pytest.raises(CommandError, match="rule 3"):
        call_command("quality_rules", str(file))
    file.write_text(json.dumps({"rules": [good]}))
    call_command("quality_rules", str(file))
    call_command("quality_rules", str(file))
    assert RuleVersion.objects.get().code == "LOCAL-1"
