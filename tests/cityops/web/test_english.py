"""Who reads English meets no Chinese, but for what is data and says so (``lang``)."""

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from cityops.accounts.models import Organisation
from cityops.regions.models import Division
from grid.models import Case, Component, ImportRun, UnitGrid
from sync.standard.files import DATA, parse_file
from sync.standard.models import ClassEntry, DisposalRule
from sync.standard.services.loading import load_dictionary
from tests.cityops.web.conftest import CITY
from tests.cityops.web.reading import VOID
from tests.factories import grid as ground
from tests.factories.people import HANGZHOU, ZHEJIANG
from tests.permissions.world import all_powerful
from tiers.models import Node

pytestmark = pytest.mark.django_db
HAN = re.compile(r"[\u4e00-\u9fff，。：；！？（）、]")
SAID = ("title", "aria-label", "placeholder", "alt", "data-open")
"""Attributes that people read."""


class Chinese(HTMLParser):
    """``found``: what is Chinese on a page, outside of elements whose language is said to be Chinese."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        language = values.get("lang") or ("zh" if tag in {"script", "style"} else "")
        said = [text for name in SAID if (text := values.get(name)) and HAN.search(text)]
        if not self._is_chinese() and not language.startswith("zh"):
            self.found += said
        if tag not in VOID:
            self._open.append(language)

    def handle_endtag(self, tag):
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data):
        if HAN.search(data) and not self._is_chinese():
            self.found.append(data.strip())

    def _is_chinese(self) -> bool:
        said = [language for language in self._open if language]
        return bool(said) and said[-1].startswith("zh")


@pytest.fixture
def english(exchange):
    """The same city and province, with names that are not Chinese."""
    for file in sorted((DATA / "datasets").glob("GL01*.json")):
        load_dictionary(parse_file(file.read_bytes(), file.name))
    Division.objects.update(name="Place", full_name="Place")
    Organisation.objects.update(name="Office")
    UnitGrid.objects.update(name="Grid")
    Component.objects.update(obj_name="Cover", dept_name1="Office")
    Node.objects.update(platform_name="Platform")
    ClassEntry.objects.update(class_name="Litter", big_name="Environment")
    DisposalRule.objects.update(class_name="Litter", filing_condition="Any")
    Case.objects.update(matter_name="Litter", address="1 Test Road", description="Litter", dept_name1="Office")
    ImportRun.objects.create(kind="grids", division_code=HANGZHOU, file_name="grids.csv")


def check(client, pages):
    chinese = {}
    for page in pages:
        answer = client.get(page, headers={"Accept-Language": "en"}, follow=True)
        assert answer.status_code == 200, page
        if found := Chinese(answer.content.decode()).found:
            chinese[page] = found
    assert chinese == {}, "\n".join(f"{page}: {found}" for page, found in chinese.items())


def test_a_city_in_english(client, english):
    user = all_powerful(HANGZHOU, name="Somebody", language="en")
    client.force_login(user)
    case = Case.objects.filter(state="10").first()
    run = ImportRun.objects.get()
    check(
        client,
        [
            "/", "/?map=today", "/cases/", "/cases/?view=finished&q=nothing", f"/cases/{case.case_no}/",
            "/desk/register/", "/desk/calendar/", "/wall/", "/ground/grids/", "/ground/grids/?q=999",
            f"/ground/grids/{ground.COMMUNITY}001/", "/ground/components/", "/ground/components/33010201001000002/",
            "/ground/components/33010201001000002/edit/", "/ground/imports/", "/ground/imports/new/",
            f"/ground/imports/{run.pk}/", "/figures/", f"/figures/closing_rate/{HANGZHOU}/2026/",
            f"/figures/closing_rate/{HANGZHOU}/2026/records/", "/exchange/", "/exchange/parked/", "/maintenance/",
            "/maintenance/people/", "/maintenance/organisations/", "/maintenance/roles/", "/divisions/",
        ],
    )  # fmt: skip


def test_a_province_in_english(client, english, as_tier):
    as_tier("provincial")
    client.force_login(all_powerful(ZHEJIANG, name="Somebody", language="en"))
    pages = ["/", "/cities/", "/cities/?by=figures", f"/cities/{HANGZHOU}/", "/exchange/", "/exchange/parked/"]
    check(client, [*pages, f"/exchange/links/{CITY}/", f"/exchange/records/{CITY}/GL01/", "/exchange/enrolments/"])


def test_a_refusal_to_reject_without_a_reason_is_in_the_readers_language(client, english):
    client.force_login(all_powerful(HANGZHOU, name="Somebody", language="en"))
    case = Case.objects.filter(state="10").first()
    answer = client.post(
        reverse("api:case-act", args=[case.case_no, "reject"]), {"reason": "77"}, content_type="application/json",
        headers={"Accept-Language": "en"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert not HAN.search(answer.content.decode())
