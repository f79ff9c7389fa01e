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


def test_records_are_checked_before_they_are_sent(client):
    headers = bearer(api_token(person("data_officer"), scopes=("read", "write")))

    def check(code, body):
        url = reverse("api:dataset-check", args=(code,))
        return client.post(url, body, content_type="application/json", headers=headers)

    good = {"grid_code": "330102001001001", "division_code": "330102001001", "area_m2": 900, "status": "1"}
    good |= {"init_date": "2026-01-01", "geom": {"type": "Polygon", "coordinates": [[[120.1, 30.1]]]}}
    body = check("JC04", {"records": [good, {**good, "status": "7", "size": 1}]}).json()
    assert (body["records"], body["good"], body["version"]) == (2, 1, "CITYOPS-2026.1")
    assert [(row["record"], row["field"], row["rule"]) for row in body["faults"]] == [
        ("2", "size", "unknown_field"),
        ("2", "status", "code_list"),
    ]
    assert all(row["remedy"] for row in body["faults"])
    assert check("JC04", {"records": []}).status_code == 400
    assert check("XX", {"records": [good]}).status_code == 404


def test_checking_needs_the_scope_to_write(client):
    headers = bearer(api_token(person("data_officer"), scopes=("read",)))
    url = reverse("api:dataset-check", args=("JC04",))
    answer = client.post(url, {"records": [{}]}, content_type="application/json", headers=headers)
    assert answer.status_code == 403
