"""The desks in a browser: by keys alone, two people at one case, words that survive, a second save, axe."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import speak, violations

FILL = """
import json
from django.utils import timezone
from cityops.accounts.models import User
from grid.models import Case, CaseStep
from tests.browser import data
Case.objects.filter(state="10").update(state="30")
from django.contrib.gis.geos import Point
def add(number, state):
    case = Case.objects.create(
        case_no=f"33010020261126{number:010d}", kind="2", std_ref="GB/T 47678.5-2026", class_code="06001",
        matter_name="暴露垃圾", dept_code1="", dept_name1="", source="01", description="路口有暴露垃圾，影响通行。",
        address=f"望江路 {number} 号", geom=Point(data.WEST + 0.001 * (number % 5), data.SOUTH + 0.002, srid=4490),
        grid_code="330102001001001", division_code="330102001001", reporter_type="1", state=state,
        reported_at=timezone.now(), stage_due_at=timezone.now() + timezone.timedelta(minutes=2 + number % 9),
        stage_warn_at=timezone.now() + timezone.timedelta(minutes=1 + number % 9),
    )
    CaseStep.objects.create(case=case, origin_code=case.origin_code, seq=1, action="01", from_state="",
                            to_state="10", operator_role="01", operated_at=case.reported_at)
    return case.case_no
print("NUMBERS", json.dumps([add(700 + number, "10") for number in range(4)]))
"""
DESKS = ("acceptor", "duty_leader", "dispatcher", "department", "supervision")
ALONE = "/desks/acceptor/{}/?tab=accept"


@pytest.fixture(scope="module")
def town(city):
    told = city.manage("shell", "-c", FILL.replace("timezone.timedelta", "__import__('datetime').timedelta"))
    line = next(line for line in told.splitlines() if line.startswith("NUMBERS"))
    return city, json.loads(line.removeprefix("NUMBERS"))


def test_a_case_is_accepted_filed_and_dispatched_by_keys_alone(town, visit):
    city, numbers = town
    page = visit(city, "shouli")
    page.goto(ALONE.format(numbers[0]))
    page.keyboard.press("?")
    expect(page.locator("dialog.dk-help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator("#messages")).to_contain_text("待立案")
    page.goto(f"/desks/acceptor/{numbers[0]}/?tab=file")
    page.keyboard.press("1")
    page.keyboard.press("f")
    expect(page.locator("#messages")).to_contain_text("待派遣")
    page = visit(city, "paiqian")
    page.goto(f"/desks/dispatcher/{numbers[0]}/")
    choice = page.locator("#form-dispatch select[name=duty_org]")
    if not choice.input_value():
        choice.select_option(index=1)
        page.keyboard.press("Escape")
        choice.blur()
    page.keyboard.press("d")
    expect(page.locator("#messages")).to_contain_text("待签收")


def test_keys_walk_the_queue_and_keep_still_while_somebody_types(town, visit):
    city, _numbers = town
    page = visit(city, "shouli")
    page.goto("/desks/acceptor/?tab=accept")
    before = page.locator("#queue li.on").get_attribute("data-no")
    page.keyboard.press("j")
    page.wait_for_url("**/desks/acceptor/*/?tab=accept")
    now = page.locator("#queue li.on").get_attribute("data-no")
    assert now != before
    page.keyboard.press("/")
    expect(page.locator("[data-desk-filter]")).to_be_focused()
    page.keyboard.type("kaj")
    assert page.locator("#queue li.on").get_attribute("data-no") == now
    assert page.input_value("[data-desk-filter]") == "kaj"


def test_two_people_see_each_other_typing_survives_and_the_second_save_shows_the_difference(town, visit):
    city, numbers = town
    mine, other = visit(city, "shouli"), visit(city, "zhiban")
    mine.goto(ALONE.format(numbers[1]))
    other.goto(ALONE.format(numbers[1]))
    mine.evaluate("document.dispatchEvent(new Event('desk:refresh'))")
    expect(mine.locator("#strip .dk-here")).to_be_visible()
    mine.keyboard.press("c")
    mine.fill("#form-correct textarea[name=description]", "垃圾两处")
    other.keyboard.press("c")
    other.fill("#form-correct textarea[name=description]", "垃圾一堆，已核对")
    other.fill("#form-correct textarea[name=opinion]", "看过照片")
    other.click("#form-correct button.btn-p")
    expect(other.locator("#messages .good")).to_be_visible()
    mine.evaluate("document.dispatchEvent(new Event('desk:refresh'))")
    expect(mine.locator("#strip .dk-changed")).to_contain_text("更正")
    assert mine.input_value("#form-correct textarea[name=description]") == "垃圾两处"
    mine.click("#form-correct button.btn-p")
    expect(mine.locator("table.dk-diff")).to_contain_text("垃圾一堆，已核对")
    expect(mine.locator("table.dk-diff")).to_contain_text("垃圾两处")
    assert mine.input_value("#resend textarea[name=description]") == "垃圾两处"
    mine.click("#resend button.btn-p")
    expect(mine.locator("#messages .good")).to_be_visible()


def test_a_reload_after_somebody_elses_act_keeps_what_was_typed(town, visit):
    city, numbers = town
    mine, other = visit(city, "shouli"), visit(city, "zhiban")
    mine.goto(ALONE.format(numbers[2]))
    other.goto(ALONE.format(numbers[2]))
    mine.keyboard.press("c")
    mine.fill("#form-correct textarea[name=opinion]", "写到一半")
    other.keyboard.press("a")
    expect(other.locator("#messages .good")).to_be_visible()
    mine.evaluate("document.dispatchEvent(new Event('desk:refresh'))")
    mine.click("[data-desk-reload]")
    mine.wait_for_load_state()
    expect(mine.locator("#form-correct textarea[name=opinion]")).to_have_value("写到一半")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_axe_finds_nothing_serious_at_the_desks(town, visit, axe, language):
    city, _numbers = town
    page, found = visit(city, "jianguan"), []
    speak(page, language)
    for address in (*(f"/desks/{key}/" for key in DESKS[:4]), "/desks/exports/?desk=cases", "/desks/views/?desk=cases"):
        found += violations(page, axe, address)
    page.goto("/")
    speak(page, "zh-hans")
    assert found == []
