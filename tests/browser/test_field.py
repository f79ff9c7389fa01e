"""The phone in Chromium's emulation: a day with the network cut and restored loses and doubles nothing."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import violations
from tests.factories.photos import photo

ROUNDS = 21
FILL = """
from grid.models import Case, CaseTask
from grid.services.cases import act
from cityops.accounts.models import User
from django.utils import timezone
for case in Case.objects.filter(state="10"):
    Case.objects.filter(pk=case.pk).update(state="12")
    CaseTask.objects.create(case=case, kind="verify", sent_at=timezone.now(), due_at=case.stage_due_at)
"""
COUNT = """
import json
from grid.field.models import FieldAction
from grid.models import Case, CaseMedia
rows = FieldAction.objects.filter(user__username="caiji")
print("COUNTED " + json.dumps({
    "actions": rows.count(), "ids": sorted(str(row.action_id) for row in rows),
    "outcomes": sorted(set(rows.values_list("outcome", flat=True))),
    "claimed": {str(row.action_id): row.claimed_at.timestamp() for row in rows},
    "reports": Case.objects.filter(pk__in=rows.values("action_id")).count(),
    "photos": CaseMedia.objects.filter(uploaded_by__username="caiji").count(),
    "tied": CaseMedia.objects.filter(uploaded_by__username="caiji", case__isnull=False).count(),
    "pictures": CaseMedia.objects.filter(uploaded_by__username="caiji", file="").count(),
}))
"""
HANDLER = """
from cityops.accounts.models import User
from grid.field.selectors.tasks import tasks_for
from grid.models import Case
from django.utils import timezone
people = [one for one in User.objects.all() if one.has_perm("grid.handle_case") and one.has_perm("field.use_phone")]
someone = next(one for one in people if one.organisation and one.is_bound_to_organisation)
case = Case.objects.filter(state__in=["30", "40", "45", "50"]).first()
Case.objects.filter(pk=case.pk).update(
    state="45", duty_org=someone.organisation.org_code,
    division_code=someone.division_code[:6] + case.division_code[6:],
    dispose_deadline=timezone.now() + timezone.timedelta(hours=2), stage_due_at=None, stage_warn_at=None,
    dispatched_at=timezone.now(),
)
print("HANDLER", someone.username, case.case_no)
"""


@pytest.fixture(scope="module")
def town(city):
    city.manage("shell", "-c", FILL)
    return city


@pytest.fixture
def phone(browser, town):
    """A phone with a position, and the list of what its browser complained about."""
    context = browser.new_context(
        base_url=town.base_url,
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        geolocation={"longitude": 120.1665, "latitude": 30.2465, "accuracy": 6},
        permissions=["geolocation"],
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda m: page.complaints.append(m.text) if m.type == "error" and "Content Security" in m.text else None,
    )
    yield page
    context.close()
    assert page.complaints == []


def ready(page):
    page.goto("/field/")
    page.wait_for_selector("body[data-ready]")
    page.evaluate("navigator.serviceWorker.ready")
    expect(page.locator("[data-classes] button").first).to_be_visible()


def shoot(page, name, seed):
    figures = page.locator("#view-report [data-photos] figure")
    now = figures.count()
    file = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(seed, (320, 240))}
    page.locator(f"[data-shot={name}]").set_input_files(file)
    if name == "report":
        expect(figures).to_have_count(now + 1)


def report(page, seed):
    """Three taps: the camera, the class, submit."""
    shoot(page, "report", seed)
    page.locator("[data-classes] button").nth(seed % 3).tap()
    page.locator("[data-submit]").tap()
    expect(page.locator("#view-report [data-photos] figure")).to_have_count(0)


def kept(page):
    """What the phone's store holds."""
    return page.evaluate(
        """async () => { const db = await import('/static/field/db.js');
        const rows = await db.actionsOf(Number(document.body.dataset.fieldPerson));
        const told = ['action_id', 'state', 'claimed_at', 'kind', 'reason'];
        return rows.map((row) => Object.fromEntries(told.map((name) => [name, row[name]]))); }"""
    )


def counted(town):
    said = town.manage("shell", "-c", COUNT)
    text = said if isinstance(said, str) else said.stdout
    return json.loads(re.search(r"COUNTED (.*)", text).group(1))


def test_a_day_with_the_network_cut_twenty_times_loses_and_doubles_nothing(town, phone):
    sign_in(phone, "caiji")
    ready(phone)
    lost = {"answers": 0}

    def lose_the_answer(route):
        """The server takes it, and the answer never comes."""
        route.fetch()
        lost["answers"] += 1
        route.abort()

    for number in range(ROUNDS):
        phone.context.set_offline(True)
        report(phone, 2 * number)
        report(phone, 2 * number + 1)
        if number % 7 == 6:  # the page is ended without a network and comes back from what the phone keeps
            phone.reload()
            phone.wait_for_selector("body[data-ready]")
        path = ("**/api/v1/field/actions/", "**/api/v1/media/")[number % 2]
        if number % 3:
            phone.route(path, lose_the_answer, times=1)
        before = lost["answers"]
        phone.context.set_offline(False)
        for _moment in range(200 if number % 3 else 0):
            if lost["answers"] > before:
                break
            phone.wait_for_timeout(50)
    phone.unroute_all(behavior="wait")
    phone.goto("/field/#queue")
    phone.locator("[data-send-now]").tap()
    expect(phone.locator("[data-state=waiting]")).to_have_count(0, timeout=60_000)
    here, there = kept(phone), counted(town)
    assert len(here) == 2 * ROUNDS
    assert {(one["state"], one["reason"]) for one in here} == {("done", "")}
    assert there["ids"] == sorted(one["action_id"] for one in here)
    assert (there["actions"], there["reports"]) == (2 * ROUNDS, 2 * ROUNDS)
    assert (there["photos"], there["tied"], there["pictures"]) == (2 * ROUNDS, 2 * ROUNDS, 0)
    assert lost["answers"] == sum(1 for number in range(ROUNDS) if number % 3)
    claims = {one["action_id"]: one["claimed_at"] for one in here}
    times = phone.evaluate(
        "(claims) => Object.fromEntries(Object.entries(claims).map(([k, v]) => [k, Date.parse(v) / 1000]))", claims
    )
    assert all(abs(there["claimed"][key] - value) < 0.01 for key, value in times.items())


def test_a_task_is_done_without_a_network_and_what_was_overtaken_is_explained(town, phone):
    sign_in(phone, "caiji")
    ready(phone)
    phone.goto("/field/#tasks")
    cards = phone.locator("[data-case]")
    expect(cards.first).to_be_visible()
    first, second = (cards.nth(place).get_attribute("data-case") for place in (0, 1))
    phone.context.set_offline(True)
    for number in (first, second):
        card = phone.locator(f"[data-case='{number}']")
        card.locator("summary").first.tap()
        picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(99, (320, 240))}
        card.locator("[data-shot=task]").set_input_files(picture)
        expect(card.locator(".ph-in > .ph-photos figure")).to_have_count(1)
        card.locator("[data-action=verify_true]").tap()
        expect(card).to_have_count(0)
    town.manage(
        "shell",
        "-c",
        f"""
from grid.models import Case
from grid.services.cases import act
from cityops.accounts.models import User
mine = Case.objects.get(case_no="{second}")
other = next(
    one for one in User.objects.exclude(username="caiji")
    if one.has_perm("grid.verify_case") and Case.objects.workable_by(one).filter(pk=mine.pk).exists()
)
act(other, "{second}", "verify_false", opinion="现场没有")
""",
    )
    phone.context.set_offline(False)
    phone.goto("/field/#queue")
    expect(phone.locator("[data-state=waiting]")).to_have_count(0, timeout=30_000)
    expect(phone.locator("[data-state=conflict]")).to_have_count(1)
    expect(phone.locator("[data-state=conflict]")).to_contain_text("已由他人办理")
    assert {one["state"] for one in kept(phone) if one["kind"] == "verify_true"} == {"done", "conflict"}


def test_another_person_on_the_same_phone_neither_sees_nor_sends_the_queue(town, phone):
    sign_in(phone, "caiji")
    ready(phone)
    phone.route("**/api/v1/field/session/", lambda route: route.abort())
    report(phone, 7)
    expect(phone.locator("[data-queue-count]")).to_have_text("1")
    before = counted(town)["actions"]
    phone.unroute_all()
    phone.context.clear_cookies()
    sign_in(phone, "caiji2")
    ready(phone)
    phone.goto("/field/#queue")
    expect(phone.locator("[data-queue] article")).to_have_count(0)
    phone.locator("[data-send-now]").tap()
    phone.wait_for_timeout(500)
    assert counted(town)["actions"] == before
    phone.context.clear_cookies()
    sign_in(phone, "caiji")
    ready(phone)
    phone.goto("/field/#queue")
    expect(phone.locator("[data-state=waiting]")).to_have_count(0, timeout=30_000)
    assert counted(town)["actions"] == before + 1


def test_an_ended_session_keeps_the_queue_and_asks_to_sign_in(town, phone):
    sign_in(phone, "caiji")
    ready(phone)
    phone.context.clear_cookies()
    report(phone, 8)
    expect(phone.locator("[data-strip]")).to_contain_text("请重新登录")
    assert [one["state"] for one in kept(phone)] == ["waiting"]


def test_axe_finds_nothing_serious_on_the_phone(town, phone, axe):
    sign_in(phone, "caiji")
    ready(phone)
    report(phone, 9)
    found = []
    for view in ("report", "tasks", "queue"):
        found += violations(phone, axe, f"/field/?{view}#{view}")
    assert found == []
    phone.set_viewport_size({"width": 390, "height": 844})
    small = phone.evaluate(
        """() => [...document.querySelectorAll('#main button, .ph-tabs a, .ph-top a, #main summary, #main input')]
        .filter((one) => one.offsetParent && (one.getBoundingClientRect().height < 47.5))
        .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert small == []


def test_a_department_signs_and_feeds_back_without_a_network(town, phone):
    said = town.manage("shell", "-c", HANDLER)
    username, number = re.search(r"HANDLER (\S+) (\S+)", said if isinstance(said, str) else said.stdout).groups()
    sign_in(phone, username)
    phone.goto("/field/")
    phone.wait_for_selector("body[data-ready]")
    card = phone.locator(f"[data-case='{number}']")
    expect(card).to_be_visible()
    phone.context.set_offline(True)
    card.locator("summary").first.tap()
    card.locator("[data-action=sign]").tap()
    card.locator("summary").first.tap()
    card.locator("[data-action=feed_back]").tap()
    expect(card.locator(".ph-say")).to_have_text("请写意见。")
    card.locator("textarea").fill("已清理")
    card.locator("[data-action=feed_back]").tap()
    expect(card.locator(".ph-say")).to_have_text("须附至少 1 张照片。")
    picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(98, (320, 240))}
    card.locator("[data-shot=task]").set_input_files(picture)
    expect(card.locator(".ph-in > .ph-photos figure")).to_have_count(1)
    card.locator("[data-action=feed_back]").tap()
    phone.context.set_offline(False)
    phone.goto("/field/#queue")
    expect(phone.locator("[data-state=done]")).to_have_count(2, timeout=30_000)
