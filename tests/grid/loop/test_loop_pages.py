"""Pages of workflows and ledgers."""

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from grid.models import Case, WorkflowVersion
from grid.selectors.workflows import active_workflow
from grid.services.cases import act
from grid.services.rehearsing import rehearse_workflow
from tests.factories import grid as ground
from tests.factories.people import organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    ground.ready_city()
    return organisation("CZ0000000000000001", name="环卫所")


@pytest.fixture
def handled(department):
    """A case in the hands of a department, its worker and the dispatcher."""
    desk = person(("acceptor", "duty_leader", "dispatcher", "collector"))
    worker = person("department", organisation=department)
    case = ground.registered(desk)
    for user, action, fields in (
        (desk, "accept", {}),
        (desk, "file", {}),
        (desk, "dispatch", {"duty_org": department.org_code}),
        (worker, "sign", {}),
    ):
        case = act(user, case, action, **fields)
    return case, worker, desk


def test_the_ledger_shows_who_applied_who_decided_and_the_share(client, handled):
    case, worker, desk = handled
    act(worker, case, "apply_delay", opinion="缺配件")
    old = Case.objects.get(pk=case.pk).dispose_deadline
    act(desk, case, "approve_delay", opinion="同意一次")
    client.force_login(desk)
    page = client.get(reverse("ledger-list")).content.decode()
    for text in ("缺配件", "同意一次", "环卫所", "100.0 %"):
        assert text in page
    row = case.applications.get()
    assert (row.old_deadline, row.new_deadline > old) == (old, True)
    assert "缺配件" not in client.get(reverse("ledger-list"), {"kind": "void"}).content.decode()
    assert client.get(reverse("ledger-list"), {"kind": "holiday"}).status_code == 400


def test_the_ledger_as_a_file_is_what_is_shown(client, handled):
    case, worker, _desk = handled
    act(worker, case, "apply_return", opinion="不属本单位")
    client.force_login(person("duty_leader"))
    found = b"".join(client.get(reverse("ledger-export"), {"format": "csv", "kind": "return"}).streaming_content)
    assert "不属本单位" in found.decode()


def test_supervision_is_listed_until_it_is_answered(client, handled):
    case, worker, _desk = handled
    leader = person("leader")
    act(leader, case, "supervise", opinion="请说明进度", due_at=timezone.now() + dt.timedelta(hours=2))
    client.force_login(leader)
    assert "请说明进度" in client.get(reverse("supervision-list"), {"view": "open"}).content.decode()
    act(worker, case, "answer_supervision", opinion="已到场")
    assert "请说明进度" not in client.get(reverse("supervision-list"), {"view": "open"}).content.decode()
    assert "已到场" in client.get(reverse("supervision-list")).content.decode()


def test_a_version_is_drafted_rehearsed_and_activated_and_running_cases_stay(client, handled):
    case, _worker, _desk = handled
    officer = person("data_officer")
    client.force_login(officer)
    draft = {"code": "hz-2", "title": "两级流程", "definition": json.dumps({"two_level": True})}
    assert client.post(reverse("workflow-new"), {**draft, "definition": '{"of": 1}'}).status_code == 422
    assert client.post(reverse("workflow-new"), draft).status_code == 302
    client.post(reverse("workflow-activate", args=["hz-2"]))
    assert WorkflowVersion.objects.get().state == "draft"
    found = rehearse_workflow("hz-2")
    assert (found.cases, found.counts["no_district"]) == (1, 1)
    page = client.get(reverse("workflow-detail", args=["hz-2"])).content.decode()
    assert "no_district" in page
    client.post(reverse("workflow-activate", args=["hz-2"]))
    assert WorkflowVersion.objects.get().state == "active"
    assert Case.objects.get(pk=case.pk).workflow == "cityops-2026.1"
    assert client.post(reverse("workflow-new"), draft).status_code == 422  # it was active: not to be changed
    for name in ("workflow-list", "workflow-detail"):
        args = ["cityops-2026.1"] if name == "workflow-detail" else []
        assert client.get(reverse(name, args=args)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_new_case_follows_the_version_that_is_active(department, photos_are_asked_for):
    WorkflowVersion.objects.create(
        code="hz-3", title="x", state="active", definition={"report_photos": 0, "two_level": True}
    )
    desk = person(("acceptor", "duty_leader", "dispatcher", "collector"))
    case = act(desk, ground.registered(desk), "accept")
    case = act(desk, case, "file")
    assert (case.workflow, active_workflow().code) == ("hz-3", "hz-3")
    case = act(desk, case, "assign_district")
    assert (case.state, case.district_code) == ("40", "330102")
