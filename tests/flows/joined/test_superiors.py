"""Three real instances: every dataset of the grid reaches the nation; a superior's supervision comes down and back."""

import json

import pytest

from tests.factories.records import UPWARD
from tests.flows.joined.test_exchange import digests
from tests.launcher import Instance, wait_for

pytestmark = pytest.mark.flow
EACH = "from tests.factories.records import one_of_each; one_of_each()"
OPEN_CASE = """
from tests.factories.people import organisation, person
from tests.factories import grid as ground
from django.utils import timezone
department = organisation("HANDLES00000000001", name="测试环卫所")
person("department", organisation=department, username="worker")
for number in (1, 2):
    ground.stored_case(
        case_no=f"33010020260101000000090{number}", state="50", dispatched_at=timezone.now(),
        duty_org=department.org_code, dept_code1="A", dept_name1="城管局",
    )
"""
ISSUE = """
import datetime as dt
from django.conf import settings
from django.utils import timezone
from grid.oversight.services.issuing import issue
from tests.factories.people import person
user = person("supervisor", division_code=settings.CITYOPS_REGION, username="supervisor")
due = timezone.now() + dt.timedelta(days=1)
print(issue(user, "{case_no}", opinion="请限期处置", due_at=due).task_no)
"""
ANSWER = """
from cityops.accounts.models import User
from grid.services.cases import act
act(User.objects.get(username="worker"), "{case_no}", "answer_supervision", opinion="已派人清理")
"""
WITHDRAW = """
from cityops.accounts.models import User
from grid.oversight.services.issuing import withdraw
withdraw(User.objects.get(username="supervisor"), "{task_no}", reason="重复督办")
"""
FIRST, SECOND = "330100202601010000000901", "330100202601010000000902"


def one(instance: Instance, query: str, *values: str):
    """The first column of the first row that an instance answers with."""
    with instance.connect() as connection:
        row = connection.execute(query, values).fetchone()
        return row[0] if row else None


def tell(instance: Instance, code: str, **values: str) -> str:
    """Let an instance do something, as its pages would; the last thing it prints."""
    said = instance.manage("shell", "-v", "0", "-c", code.format(**values) if values else code).split()
    return said[-1] if said else ""


def test_every_dataset_of_the_grid_reaches_province_and_nation(joined):
    nation, province, city = joined
    nation.manage("sync_run")
    province.manage("sync_run")
    tell(city, EACH)
    for instance in (city, province, province):
        instance.manage("sync_run")
    at_city, at_province, at_nation = (digests(instance, city.node) for instance in (city, province, nation))
    assert set(at_city) >= UPWARD
    assert {code: at_province[code] for code in UPWARD} == {code: at_city[code] for code in UPWARD}
    above = UPWARD - {"JC09"}  # places end at the province
    assert {code: at_nation[code] for code in above} == {code: at_city[code] for code in above}
    assert "JC09" not in at_nation
    assert min(at_nation[code][0] for code in above) > 0
    compared = [json.loads(line) for line in city.manage("reconcile").splitlines()]
    assert {line["dataset"]: line["result"] for line in compared if line["dataset"] in UPWARD} == dict.fromkeys(
        UPWARD, "equal"
    )
    for instance in (province, nation):
        assert one(instance, "SELECT count(*) FROM grid_casemedia") >= 1
        assert one(instance, "SELECT count(*) FROM grid_case WHERE description ~ '1[3-9][0-9]{9}'") == 0
        assert one(instance, "SELECT count(*) FROM grid_casemedia WHERE file <> '' OR device_id <> ''") == 0


def test_supervisions_of_province_and_nation_come_down_are_answered_and_the_answer_shows_above(joined):
    nation, province, city = joined
    tell(city, OPEN_CASE)
    for instance in (city, province):
        instance.manage("sync_run")
    workers = [instance.start_worker(concurrency=1) for instance in (province, city)]
    try:
        asked = {province.node: (province, FIRST), nation.node: (nation, SECOND)}
        numbers = {node: tell(issuer, ISSUE, case_no=no) for node, (issuer, no) in asked.items()}
        nation.manage("sync_run")  # nobody works there: its stream is sealed by hand
        for node, (issuer, case_no) in asked.items():
            query = "SELECT task_no FROM grid_casesupervision WHERE source = 'superior' AND issued_node = %s"
            wait_for(f"{node} at the city", lambda query=query, node=node: one(city, query, node) == numbers[node], 60)
            supervised = "SELECT is_supervised FROM grid_case WHERE case_no = %s"
            wait_for(f"{case_no} marked above", lambda q=supervised, c=case_no, i=issuer: one(i, q, c) == "1", 60)
            tell(city, ANSWER, case_no=case_no)
            content = "SELECT content FROM oversight_supervisionaction WHERE task_no = %s AND action = '04'"
            wait_for("the answer", lambda q=content, i=issuer, n=numbers[node]: one(i, q, n) == "已派人清理", 60)
        state = "SELECT state FROM oversight_supervisiontask WHERE task_no = %s"
        wait_for("done at the province", lambda: one(province, state, numbers[province.node]) == "06", 60)
        wait_for("done at the nation", lambda: one(nation, state, numbers[nation.node]) == "06", 60)

        again = tell(province, ISSUE.replace('username="supervisor"', 'username="supervisor2"'), case_no=SECOND)
        waiting = "SELECT withdrawn_at FROM grid_casesupervision WHERE task_no = %s"
        there = "SELECT count(*) FROM grid_casesupervision WHERE task_no = %s"
        wait_for("the second one at the city", lambda: one(city, there, again) == 1, 60)
        tell(province, WITHDRAW, task_no=again)
        wait_for("taken back at the city", lambda: one(city, waiting, again) is not None, 60)
    finally:
        for worker in workers:
            worker.end()
    nation.manage("sync_run")
    for instance in (province, city, province):
        instance.manage("sync_run")
    held = [digests(instance, issuer.node)["JD01"] for issuer in (province, nation) for instance in (issuer, city)]
    assert (held[0], held[2]) == (held[1], held[3])
    lines = [json.loads(line) for instance in (city, province) for line in instance.manage("reconcile").splitlines()]
    assert {line["result"] for line in lines if line["dataset"] in {"JD01", "JD02"}} == {"equal"}


BAD = """
from tests.factories import grid as ground
ground.stored_case(case_no="330100202601010000000777", state="52", dept_code1="A", dept_name1="城管局")
"""
ASK = """
from sync.aggregation.models import QualityIssue
from sync.aggregation.services import raising, running
running.run_whole(["GL01"])
raising.follow()
print(QualityIssue.objects.raised_here().get(item_code="GL01-Q6-03").issue_no)
"""
SAY = """
from sync.aggregation.services.answering import answer
from tests.factories.people import person
answer(person("data_officer", username="officer"), "{issue_no}", kind="1", content="已更正,联系13812345678")
from grid.models import Case
Case.objects.filter(case_no="330100202601010000000777").update(state="50")
"""
AGAIN = """
from sync.aggregation.services import hearing, raising, running
hearing.hear()
running.run_whole(["GL01"])
raising.follow()
"""


def test_a_quality_issue_goes_down_is_answered_and_closes_when_the_record_is_mended(joined):
    nation, province, city = joined
    tell(city, BAD)
    city.manage("sync_run")
    issue_no = tell(province, ASK)
    province.manage("sync_run")
    city.manage("sync_run")
    state = "SELECT state FROM aggregation_qualityissue WHERE issue_no = %s"
    assert (one(province, state, issue_no), one(city, state, issue_no)) == ("1", "1")
    tell(city, SAY, issue_no=issue_no)
    city.manage("sync_run")
    content = "SELECT content FROM aggregation_issueanswer WHERE issue_no = %s"
    assert "已更正" in one(province, content, issue_no)
    assert "13812345678" not in one(province, content, issue_no)
    assert one(province, state, issue_no) in ("1", "2")
    tell(province, AGAIN)
    province.manage("sync_run")
    city.manage("sync_run")
    assert (one(province, state, issue_no), one(city, state, issue_no)) == ("3", "3")
    assert one(nation, "SELECT count(*) FROM aggregation_qualityissue") == 0
    lines = [json.loads(line) for line in city.manage("reconcile").splitlines()]
    assert {line["result"] for line in lines if line["dataset"] in {"JH03", "JH05"}} == {"equal"}
