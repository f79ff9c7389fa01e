"""The API of the standard."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from tests.factories.people import api_token, bearer, person

pytestmark = pytest.mark.django_db
READ = (
    ("standard-versions", ()),
    ("dataset-list", ()),
    ("dataset-detail", ("GL01",)),
    ("dataset-schema", ("GL01",)),
    ("code-list-detail", ("CL_KIND",)),
    ("class-list", ()),
    ("rule-list", ()),
)


@pytest.fixture
def ask(client):
    call_command("load_standard", verbosity=0)
    headers = bearer(api_token(person("data_officer"), scopes=("read",)))

    def get(name, *args, **query):
        return client.get(reverse(f"api:{name}", args=args), query, headers=headers)

    return get


@pytest.mark.parametrize(("name", "args"), READ)
def test_every_read_needs_a_token_and_answers_with_an_etag(ask, client, name, args):
    answer = ask(name, *args)
    assert answer.status_code == 200
    assert answer.headers["ETag"]
    refused = client.get(reverse(f"api:{name}", args=args))
    assert refused.status_code == 401
    assert refused.headers["Content-Type"].startswith("application/problem+json")


def test_a_dataset_tells_its_fields(ask):
    body = ask("dataset-detail", "GL01").json()
    grid = next(field for field in body["fields"] if field["name"] == "grid_code")
    assert (grid["type"], grid["req"], body["version"]) == ("C(15)", "C", "CITYOPS-2026.1")
    assert body["key"] == ["case_no"]


def test_the_schema_is_the_one_of_the_page(ask):
    assert ask("dataset-schema", "JC04").json()["title"] == "JC04 单元网格"


@pytest.mark.parametrize(
    ("name", "code"), [("dataset-detail", "XX"), ("dataset-schema", "XX"), ("code-list-detail", "X")]
)
def test_what_is_not_in_the_catalogue_is_not_there(ask, name, code):
    answer = ask(name, code)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_unknown_version_is_not_there(ask):
    assert ask("dataset-list", version="NONE").status_code == 404


def test_classes_are_narrowed_and_paged(ask):
    body = ask("class-list", version="GB/T 47678.5-2026", kind="2", q="井盖", page_size=3).json()
    assert len(body["results"]) == 3
    assert body["next"]
    assert {row["kind"] for row in body["results"]} == {"2"}


def test_rules_of_a_matter(ask):
    rows = ask("rule-list", matter="01001").json()["results"]
    assert rows
    assert all("01001" in row["matter_codes"] and row["rule_set"] == "SAMPLE-2026.1" for row in rows)
