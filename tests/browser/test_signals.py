"""axe finds nothing serious on the pages of signals."""

from tests.browser.test_accessibility import violations


def test_axe_finds_nothing_serious_on_the_pages_of_signals(city, visit, axe):
    page = visit(city, "jianguan")
    found = [fault for address in ("/signals/", "/signals/settings/") for fault in violations(page, axe, address)]
    first = page.goto("/signals/") and page.locator("#results tbody a").first
    if first and first.count():
        found += violations(page, axe, first.get_attribute("href"))
    assert found == []
