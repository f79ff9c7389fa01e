"""A superior supervises a city's case from its page, reads what became of it, takes it back; axe on every page."""

import json

from playwright.sync_api import expect

from tests.browser.test_accessibility import violations

ANSWERED = """
import datetime as dt, json
from django.utils import timezone
from cityops.accounts.models import User
from grid.models import Case
from grid.oversight.models import SupervisionAction, SupervisionTask
from grid.oversight.services.issuing import issue
actor = User.objects.get(username="ducha")
due = timezone.now() + dt.timedelta(days=2)
open_cases = Case.objects.filter(origin_code="330100000000-C").open().order_by("case_no")
told, late, free = open_cases[:3]
task = issue(actor, told.case_no, opinion="请市平台三日内核实并反馈处置情况。", due_at=due)
for number, (action, content) in enumerate((("02", "已签收"), ("04", "已责成街道清理，预计明日完成。")), start=1):
    SupervisionAction.objects.create(
        origin_code="330100000000-C", action_id=f"A{number}", task_no=task.task_no, node_code="330100000000",
        action=action, content=content, acted_at=timezone.now())
SupervisionTask.objects.filter(pk=task.pk).update(state="03")
other = issue(actor, late.case_no, opinion="已超时限，请说明原因。", due_at=due)
SupervisionTask.objects.filter(pk=other.pk).update(deadline=timezone.now() - dt.timedelta(hours=3))
print("TOLD", json.dumps([task.task_no, free.case_no]))
"""


def test_a_case_is_supervised_from_its_page_and_taken_back(province, visit, axe):
    lines = province.manage("shell", "-c", ANSWERED).splitlines()
    task_no, case_no = json.loads(next(line for line in lines if line.startswith("TOLD")).removeprefix("TOLD"))
    page = visit(province, "ducha")
    found = [fault for address in ("/supervisions/", f"/supervisions/{task_no}/", f"/supervisions/new/?case={case_no}")
             for fault in violations(page, axe, address)]  # fmt: skip
    page.goto(f"/cases/{case_no}/")
    page.click(".a-oversight .more")
    page.fill("[name=opinion]", "请核实后反馈。")
    soon = page.evaluate("new Date(Date.now() + 864e5).toISOString().slice(0, 16)")
    page.fill("[name=due_at]", soon)
    page.click("main form .btn-p")
    expect(page.locator("h1 + .tag")).to_have_text("待签收")
    page.fill("[name=reason]", "重复督办")
    page.click("main form button")
    expect(page.locator("h1 + .tag")).to_have_text("撤销")
    page.goto(f"/cases/{case_no}/")
    expect(page.locator(".a-oversight")).to_contain_text("撤销")
    found += violations(page, axe, f"/cases/{case_no}/")
    assert found == []
