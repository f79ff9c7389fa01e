"""The first page of every role shows and links only what the role may open."""

import re
from html import unescape

import pytest

from cityops.accounts.roles import ROLES
from tests.factories.people import person
from tests.permissions.policy import ALL
from tests.permissions.routes import LETTER
from tests.permissions.visits import body_of, entered
from tests.permissions.world import HERE

KINDS = [(letter, spec.code) for letter in ALL for spec in ROLES if LETTER[letter].value in spec.tiers]


@pytest.fixture
def letter(request):
    return request.param


@pytest.mark.parametrize(("letter", "code"), KINDS, indirect=["letter"])
def test_no_link_of_the_first_page_leads_to_a_refusal(letter, code, world):
    visitor = entered(person(code, division_code=HERE[letter]))
    found = re.findall(r'(?:href|hx-get)="(/[^"#]*)', body_of(visitor.get("/")))
    wrong = {}
    for address in sorted({unescape(one) for one in found if not one.startswith(("/static/", "/sign-out"))}):
        answer = visitor.get(address)
        if answer.status_code == 302 and not answer.url.startswith("/sign-in"):
            answer = visitor.get(answer.url)
        if answer.status_code != 200:
            wrong[address] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize(
    ("letter", "code"), [("m", "collector"), ("m", "department"), ("p", "system_admin")], indirect=["letter"]
)
def test_who_reads_no_figures_meets_none_on_the_first_page(letter, code, world):
    assert "按期结案率" not in body_of(entered(person(code, division_code=HERE[letter])).get("/"))
