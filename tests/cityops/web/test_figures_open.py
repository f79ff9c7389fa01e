"""Every figure of the first pages opens a list, and the list has as many rows as the figure says."""

from decimal import Decimal

import pytest
from django.urls import resolve

from tests.cityops.web.reading import Figures
from tests.factories import grid as ground
from tests.factories.people import HANGZHOU, ZHEJIANG, division, person
from tests.permissions.world import all_powerful

pytestmark = pytest.mark.django_db
GRID = f"{ground.COMMUNITY}001"
SKIPPED = {"case-detail", "component-detail", "grid-detail", "division-detail", "import-detail"}
"""Pages of one thing, whose code may look like a figure."""


def counts_behind(client, address: str, page: str) -> set[Decimal]:
    """What the page behind a figure says in its place: the rows of its list, the value of a rate, a link's own count.

    Nothing for a page of one thing, whose code only looks like a figure.
    """
    address = page.partition("?")[0] + address if address.startswith("?") else address
    name = resolve(address.partition("?")[0].partition("#")[0]).url_name
    if name in SKIPPED or address.startswith("#"):
        return set()
    answer = client.get(address)
    assert answer.status_code == 200, address
    found = answer.context
    if name == "exchange-overview":
        shown = [cell for _row, _name, cells in found["rows"] for cell in cells]
        links = found["links"]
        return {Decimal(len(shown))} if "#datasets" in address else {len(links), sum(link.backlog for link in links)}
    if name == "exchange-link":
        cells = [cell for row in found["rows"] for cell in row.cells.values()]
        rates = {rate for cell in cells for rate in (cell.timely, cell.complete, cell.valid) if rate is not None}
        return {Decimal(found["link"].backlog)} | rates
    if "comparisons" in found:
        told = [(one.records, one.missing, one.differing, one.orphans, one.in_flight) for one in found["comparisons"]]
        return {Decimal(number) for numbers in told for number in numbers} | {found["page"].paginator.count}
    if name == "figure-detail":
        return {Decimal(found["cell"].text.replace(",", ""))}
    return {Decimal(len(found["cities"]) if name == "city-list" else found["page"].paginator.count)}


def check(client, page: str) -> None:
    """Follow every figure of a page."""
    answer = client.get(page)
    assert answer.status_code == 200
    read = Figures(answer.content.decode())
    assert read.bare == [], f"{page}: figures that open nothing"
    assert read.linked, f"{page}: no figure at all"
    for number, address in read.linked:
        behind = counts_behind(client, address, page)
        assert not behind or Decimal(number) in behind, f"{page}: {number} opens {address} with {behind}"


@pytest.mark.parametrize("page", ["/", "/?map=today", "/wall/", f"/ground/grids/{GRID}/"])
def test_figures_of_a_city_open_what_they_count(client, cases, page):
    client.force_login(all_powerful(HANGZHOU))
    check(client, page)


PROVINCIAL = ["/", "/cities/", "/cities/?by=figures", f"/cities/{HANGZHOU}/", "/exchange/"]


@pytest.mark.parametrize("page", PROVINCIAL)
def test_figures_of_a_province_open_what_they_count(client, exchange, as_tier, page):
    as_tier("provincial")
    client.force_login(all_powerful(ZHEJIANG))
    check(client, page)


def test_a_link_that_would_be_refused_is_not_offered(client, exchange, as_tier):
    as_tier("national")
    division("000000000000", name="国家")
    client.force_login(person("expert", division_code="000000000000"))
    assert "/exchange/" not in client.get("/").content.decode()
    assert "/exchange/" not in client.get("/cities/").content.decode()
