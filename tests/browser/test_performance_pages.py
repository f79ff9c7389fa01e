"""axe finds nothing serious on the pages of performance; the map of grades has its equal list."""

from django.utils import timezone

from tests.browser.test_accessibility import violations

YEAR = timezone.localdate().year
PAGES = (
    f"/performance/?object=area&period={YEAR}",
    f"/performance/?object=department&period={YEAR}",
    f"/performance/?object=post&period={YEAR}",
    f"/performance/objects/area/3301/?period={YEAR}",
    f"/performance/cases/?object=area&period={YEAR}&count=register_num",
    "/performance/snapshots/",
    "/performance/results/",
    "/performance/formulas/",
    "/performance/formulas/sample-2026.1/",
    "/performance/formulas/compare/",
    "/performance/reports/",
)


def test_axe_finds_nothing_serious_on_the_pages_of_performance(city, visit, axe):
    page = visit(city, "pingjia")
    assert [fault for address in PAGES for fault in violations(page, axe, address)] == []


def test_a_grade_on_the_map_stands_in_the_table_too(city, visit):
    page = visit(city, "pingjia")
    page.goto(PAGES[0])
    page.wait_for_selector(".pf-map canvas")
    table = page.locator("table").first.inner_text()
    assert "上城区" in table
    assert page.locator("table .pf-g").count() >= 1
