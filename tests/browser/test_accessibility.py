"""axe finds nothing serious on the main pages, in both languages, on a phone, a desk and a wall."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SIZES

FIGURE = "/figures/on_time_closing_rate/330100000000/2026/"
CITY = (
    "/", "/cases/", "/desk/register/", "/wall/", "/figures/", FIGURE, f"{FIGURE}records/", "/standard/",
    "/ground/grids/", "/desk/calendar/", "/maintenance/", "CASE",
)  # fmt: skip
GROUND = (
    "/ground/components/", "/ground/components/33010200100100001/", "/ground/components/33010200100100001/edit/",
    "/ground/grids/330102001001001/", "/ground/imports/", "/ground/imports/new/", "/interfaces/", "/ogc/v1/?f=html",
    "/ogc/v1/api?f=html", "/ogc/v1/collections/components/items?f=html", "/interfaces/partners/",
    "/interfaces/partner-new/", "/interfaces/partners/shangcheng/", "/interfaces/partners/shangcheng/edit/",
    "/interfaces/deliveries/", "/interfaces/deliveries/1/",
)  # fmt: skip
UPKEEP = ("/maintenance/", "/maintenance/people/", "/maintenance/organisations/", "/maintenance/roles/", "/divisions/")
UPPER = (
    "/", "/cities/", "/cities/?by=figures", "/cities/330100000000/", "/cases/", "/exchange/", "/exchange/parked/",
    "/exchange/enrolments/",
)  # fmt: skip
RULES = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']"
RUN = f"async () => (await axe.run(document, {{runOnly: {{type: 'tag', values: {RULES}}}}})).violations"


def violations(page: Page, axe: str, address: str, status: int = 200) -> list[str]:
    """What axe calls serious or critical, at three widths, and pages that are wider than their window."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == status, address
    page.evaluate(axe)
    found = []
    for width, (wide, high) in SIZES.items():
        page.set_viewport_size({"width": wide, "height": high})
        grave = [v for v in page.evaluate(RUN) if v["impact"] in {"serious", "critical"}]
        found += [f"{address} at {width}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in grave]
        if page.evaluate("document.documentElement.scrollWidth") > wide:
            found.append(f"{address} at {width}: wider than the window")
    return found


VISITS = {
    "the supervisor of a city": ("city", "jianguan", CITY),
    "its data officer": ("city", "shuju", GROUND),
    "its administrator": ("city", "xitong", UPKEEP),
    "the inspector of a province": ("province", "ducha", UPPER),
}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("who", VISITS)
def test_axe_finds_nothing_serious(request, visit, axe, who, language):
    instance, username, addresses = VISITS[who]
    page = visit(request.getfixturevalue(instance), username)
    speak(page, language)
    found = []
    for address in addresses:
        found += violations(page, axe, first_case(page) if address == "CASE" else address)
    found += violations(page, axe, "/cases/330100209901010000000001/", MISSING.get(who, 404))
    page.goto("/")
    speak(page, "zh-hans")  # the choice is kept with the person, and the next test is the same person
    assert found == []


MISSING = {"its administrator": 403}
"""What a case that is not there answers to whom it is not 404: who may read no cases is told that first."""


def first_case(page: Page) -> str:
    """The address of the newest case."""
    page.goto("/cases/")
    return page.locator("#results tbody a.num").first.get_attribute("href") or ""


def speak(page: Page, language: str) -> None:
    """Choose a language in the menu of the person."""
    page.click(".who summary")
    page.click(f".who button[name=language][value={language}]")
    page.wait_for_load_state()


def test_axe_finds_nothing_serious_at_the_door(city, visit, axe):
    assert violations(visit(city), axe, "/sign-in/") == []
