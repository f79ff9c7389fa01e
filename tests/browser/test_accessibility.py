"""axe finds nothing serious on the main pages, in both languages, on a phone, a desk and a wall."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SIZES

CITY = ("/", "/cases/", "/desk/register/", "/wall/", "/figures/", "/standard/", "/ground/grids/", "CASE")
UPPER = ("/", "/cities/", "/cities/?by=figures", "/cities/330100000000/", "/cases/", "/exchange/")
RULES = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']"
RUN = f"async () => (await axe.run(document, {{runOnly: {{type: 'tag', values: {RULES}}}}})).violations"


def violations(page: Page, axe: str, address: str) -> list[str]:
    """What axe calls serious or critical, at three widths, and pages that are wider than their window."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    page.evaluate(axe)
    found = []
    for width, (wide, high) in SIZES.items():
        page.set_viewport_size({"width": wide, "height": high})
        grave = [v for v in page.evaluate(RUN) if v["impact"] in {"serious", "critical"}]
        found += [f"{address} at {width}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in grave]
        if page.evaluate("document.documentElement.scrollWidth") > wide:
            found.append(f"{address} at {width}: wider than the window")
    return found


TIERS = {"city": ("jianguan", CITY), "province": ("ducha", UPPER)}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("tier", TIERS)
def test_axe_finds_nothing_serious(request, visit, axe, tier, language):
    username, addresses = TIERS[tier]
    page = visit(request.getfixturevalue(tier), username)
    speak(page, language)
    page.goto("/cases/")
    case = page.locator("#results tbody a.num").first.get_attribute("href") or ""
    found = []
    for address in addresses:
        found += violations(page, axe, case if address == "CASE" else address)
    page.goto("/")
    speak(page, "zh-hans")  # the choice is kept with the person, and the next test is the same person
    assert found == []


def speak(page: Page, language: str) -> None:
    """Choose a language in the menu of the person."""
    page.click(".who summary")
    page.click(f".who button[name=language][value={language}]")
    page.wait_for_load_state()


def test_axe_finds_nothing_serious_at_the_door(city, visit, axe):
    assert violations(visit(city), axe, "/sign-in/") == []
