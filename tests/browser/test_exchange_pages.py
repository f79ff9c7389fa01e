"""From the board to the records that differ; from an alarm to its end; what came back to a city, in one screen."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations

UPPER = ("/exchange/", "/exchange/wall/", "/exchange/alarms/", "/exchange/links/330100000000-C/")
FILLED = "from tests.browser import exchanged\nexchanged.links({})"


@pytest.fixture(scope="module")
def inspected(province):
    """浙江 with links to three cities."""
    nodes = ", ".join(f"'{code}00000000-C'" for code in ("3301", "3302", "3303"))
    province.manage("shell", "-c", FILLED.format(nodes))
    return province


def test_a_finding_leads_to_the_records_behind_it_and_an_alarm_to_a_person(inspected, visit, axe):
    page = visit(inspected, "ducha")
    page.goto("/exchange/")
    page.wait_for_selector("[data-map][data-ready]")
    expect(page.locator(".mval")).to_have_count(3)
    page.locator("tr[id^='n-330100000000-C'] td.c-r a").first.click()
    expect(page.locator("h1")).to_contain_text("JC02")
    page.click("text=看差异与处理")
    expect(page.locator("#orphans h2")).to_contain_text("仅接收方有 1")
    statement = page.url
    page.goto("/exchange/alarms/")
    badge = page.locator(".rail .bdg").first
    standing = int(badge.inner_text().split()[-1])
    row = page.locator("tr", has_text="链路静默").first
    row.locator("input[name=note]").fill("已电话联系")
    row.locator("button").click()
    expect(page.locator(".toasts .note.good")).to_be_visible()
    assert int(badge.inner_text().split()[-1]) == standing - 1
    assert [fault for address in (*UPPER, statement) for fault in violations(page, axe, address)] == []


def test_a_city_finds_reason_and_remedy_and_the_way_to_the_record_in_one_screen(city, visit, axe):
    city.manage("shell", "-c", FILLED.format("'330000000000-P', role='parent'"))
    page = visit(city, "shuju")
    page.goto("/exchange/rejected/")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("先上报扩展小类")
    assert violations(page, axe, "/exchange/rejected/") == []
    page.click("button:text-is('重发')")
    expect(page.locator(".toasts .note.good")).to_be_visible()
    page.click("a:text-is('去更正')")
    page.wait_for_url("**/cases/**")
