"""The permission matrix: every route × every kind of person × every tier × own and other region.

What is expected comes from ``policy.py`` alone; the routes come from the URL tables. The default is deny: a route
that stands in no row fails.
"""

import io
from collections import Counter

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from cityops.accounts.models import User
from cityops.accounts.permissions import all_permissions
from cityops.accounts.roles import ROLES
from cityops.accounts.services import grants
from cityops.foundation.models import AuditEvent
from sync.exchange.models import SyncSelf
from tests.factories.people import api_token, bearer, person
from tests.permissions.policy import ALL, BY_NAME, PUBLIC, ROWS
from tests.permissions.routes import LETTER, guard_of, routes_of
from tests.permissions.visits import Visitor, body_of, entered, is_sent_to_sign_in
from tests.permissions.world import ELSEWHERE, HERE, all_powerful

TIERS = tuple(ALL)
KINDS = [(letter, spec.code) for letter in TIERS for spec in ROLES if LETTER[letter].value in spec.tiers]
POWERS = {spec.code: {p.codename for p in all_permissions() if spec.code in p.roles} for spec in ROLES}


# --- the table is complete and true


def test_every_route_has_exactly_one_row():
    assert [name for name, count in Counter(row.name for row in ROWS).items() if count > 1] == []
    found = {}
    for letter in TIERS:
        for route in routes_of(letter):
            found[route.name] = found.get(route.name, "") + letter
    assert {name: tiers for name, tiers in found.items() if name not in BY_NAME} == {}, "routes without a row"
    assert {row.name: row.tiers for row in ROWS} == found, "rows whose route is not there, or at other tiers"


@pytest.mark.parametrize("letter", TIERS)
def test_the_guards_in_the_code_are_those_of_the_table(letter):
    wrong = {}
    for route in routes_of(letter):
        row, guard = route.row, guard_of(route)
        if row.needs is PUBLIC or guard is None:
            continue
        expected = (set(row.needs), set(row.writes or row.needs))
        if guard != expected:
            wrong[route.name] = (guard, expected)
    assert wrong == {}


def test_every_permission_of_the_table_exists():
    known = {p.codename for p in all_permissions()}
    assert {name for row in ROWS for name in (*(row.needs or ()), *row.writes)} <= known


def entries():
    """Entries of the trail that tell of a change; being denied leaves its own."""
    return AuditEvent.objects.exclude(action="access.denied").count()


# --- who comes in


@pytest.mark.parametrize("letter", TIERS)
def test_without_sign_in_only_the_door_is_open(letter, world, settings, tmp_path):
    settings.CITYOPS_KEY_DIR = tmp_path
    SyncSelf.objects.all().delete()
    call_command("node_init", verbosity=0, stdout=io.StringIO())
    client, wrong = Visitor(), {}
    before = AuditEvent.objects.count()
    for route in routes_of(letter):
        row, address = route.row, world.address(route.row)
        for method in ("get", "post"):
            response = getattr(client, method)(address)
            if row.peers:
                is_right = response.status_code in (400, 401, 403, 405, 422)
            elif row.needs is PUBLIC:
                is_right = (response.status_code < 500 and not is_sent_to_sign_in(response)) or row.name == "sign-out"
            elif route.is_api:
                is_right = response.status_code == 401 and response.json()["code"] == "not_authenticated"
            else:
                is_right = is_sent_to_sign_in(response) or (method == "post" and response.status_code == 405)
            if not is_right:
                wrong[f"{method} {route.name}"] = response.status_code
    assert wrong == {}
    assert AuditEvent.objects.filter(succeeded=True).count() == before


def written() -> tuple[int, int]:
    """What was done since the transaction of the test began: rows written in all tables, and audited successes.

    That somebody was refused may itself be written into the audit trail.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables WHERE relname <> %s",
            [AuditEvent._meta.db_table],
        )
        return cursor.fetchone()[0], AuditEvent.objects.filter(succeeded=True).count()


@pytest.mark.parametrize("letter", ["m"])
def test_a_write_without_a_trace_is_seen_too(letter, world):
    before = written()
    type(world.case).objects.filter(pk=world.case.pk).update(address="elsewhere")
    assert written()[0] > before[0]


@pytest.mark.parametrize(("letter", "role"), KINDS, ids=lambda value: value)
@pytest.mark.usefixtures("counted_once")
def test_a_role_reaches_what_its_permissions_say(letter, role, world):
    client = entered(person(role, division_code=HERE[letter]))
    wrong = {}
    for route in routes_of(letter):
        row = route.row
        if row.needs is PUBLIC:
            continue
        address, before = world.address(row), written()
        may_read = set(row.needs) <= POWERS[role]
        may_write = set(row.writes or row.needs) <= POWERS[role]
        if row.name == "tile":
            may_read = may_write = "grid.view_case" in POWERS[role]
        if not may_write:
            status = client.post(address).status_code
            if status not in (403, 405):
                wrong[f"post {route.name}"] = f"{status}, not 403"
        status = client.get(address).status_code
        if not may_write and not may_read and written() != before:
            wrong[f"rows {route.name}"] = "something was written, though nothing was allowed"
        if may_read and (status in (401, 403) or status >= 500):
            wrong[f"get {route.name}"] = f"{status}, though the role may"
        if not may_read and status != 403:
            wrong[f"get {route.name}"] = f"{status}, not 403"
    assert wrong == {}


@pytest.mark.parametrize("letter", TIERS)
def test_somebody_without_a_role_reaches_only_what_asks_for_none(letter, world):
    client, wrong = entered(person((), division_code=HERE[letter])), {}
    before = entries()
    for route in routes_of(letter):
        row = route.row
        if not row.needs:
            continue
        for method in ("get", "post"):
            status = getattr(client, method)(world.address(row)).status_code
            if status != 403:
                wrong[f"{method} {route.name}"] = status
    assert wrong == {}
    assert entries() == before


@pytest.mark.parametrize("letter", TIERS)
def test_tokens_that_do_not_hold_open_nothing(letter, world):
    robot = all_powerful(HERE[letter], is_integration=True)
    bad = {
        "token_expired": bearer(api_token(robot, expires_in_days=-1)),
        "token_unknown": bearer("cityops_issued-by-another-node"),
        "token_malformed": {"Authorization": "Bearer"},
    }
    wrong, client = {}, Visitor()
    for route in routes_of(letter):
        if not route.is_api or route.row.needs is PUBLIC:
            continue
        for code, headers in bad.items():
            response = client.get(world.address(route.row), headers=headers)
            if (response.status_code, response.json().get("code")) != (401, code):
                wrong[f"{route.name} {code}"] = response.status_code
    assert wrong == {}


@pytest.mark.parametrize("letter", TIERS)
def test_a_reading_token_writes_nothing(letter, world):
    headers = bearer(api_token(all_powerful(HERE[letter], is_integration=True), scopes=("read",)))
    wrong, client = {}, Visitor()
    before = entries()
    for route in routes_of(letter):
        if not route.is_api or route.row.needs is PUBLIC:
            continue
        for method in ("post", "put", "patch", "delete"):
            response = getattr(client, method)(world.address(route.row), headers=headers)
            if (response.status_code, response.json().get("code")) != (403, "scope_missing"):
                wrong[f"{method} {route.name}"] = response.status_code
    assert wrong == {}
    assert entries() == before


@pytest.mark.parametrize("letter", TIERS)
def test_a_token_without_the_scope_to_read_reads_nothing(letter, world):
    headers = bearer(api_token(all_powerful(HERE[letter], is_integration=True), scopes=("write",)))
    wrong, client = {}, Visitor()
    for route in routes_of(letter):
        if not route.is_api or route.row.needs is PUBLIC:
            continue
        response = client.get(world.address(route.row), headers=headers)
        if (response.status_code, response.json().get("code")) != (403, "scope_missing"):
            wrong[route.name] = response.status_code
    assert wrong == {}


# --- what one sees inside


def knocks(client, row, address):
    """Ask for a thing in every way that its route may be meant; what the route does not take (405) says nothing."""
    is_api = row.name.startswith("api:") or row.machines
    as_json = {"content_type": "application/json"} if is_api else {}
    found = [
        getattr(client, method)(address, {} if method != "get" else None, **as_json)
        for method in (("get", "post", "patch", "put", "delete") if is_api else ("get", "post"))
    ]
    return [response for response in found if response.status_code != 405]


@pytest.mark.parametrize("letter", TIERS)
def test_a_thing_is_there_for_its_region_and_404_for_every_other(letter, world):
    insider = entered(all_powerful(HERE[letter]))
    outsiders = [entered(all_powerful(code)) for code in ELSEWHERE[letter]]
    wrong = {}
    for route in routes_of(letter):
        row = route.row
        if not row.about or row.about in ("tile", "nothing"):
            continue
        address = world.address(row)
        if not row.posts and row.about != "grant":
            status = insider.get(address).status_code
            if status not in (200, 405):  # 405: only for writing
                wrong[f"own {route.name}"] = status
        if row.says_alike:
            continue
        for outsider in outsiders:
            responses = knocks(outsider, row, address)
            if [r.status_code for r in responses] != [404] * max(len(responses), 1):
                wrong[f"other {route.name}"] = [r.status_code for r in responses]
            elif route.is_api and (codes := {r.json()["code"] for r in responses}) != {"not_found"}:
                wrong[f"code {route.name}"] = codes
    assert wrong == {}


@pytest.mark.parametrize("letter", TIERS)
def test_lists_and_exports_hold_the_own_region_only(letter, world):
    insider = entered(all_powerful(HERE[letter]))
    outsiders = [entered(all_powerful(code)) for code in ELSEWHERE[letter]]
    wrong = {}
    for route in routes_of(letter):
        row = route.row
        if not (text := world.text_of(row)):
            continue
        address = world.address(row)
        more = f"{'&' if row.query else '?'}format=csv"
        for query in ("",) if route.is_api else ("", more):
            if text not in body_of(insider.get(address + query)):
                wrong[f"own {route.name}{query}"] = "missing"
            for outsider in outsiders:
                if not row.says_alike and text in body_of(outsider.get(address + query)).replace(address, ""):
                    wrong[f"other {route.name}{query}"] = "leaked"
    assert wrong == {}


def test_a_row_that_could_pass_with_an_empty_page_says_what_its_page_holds():
    """What is read without naming a thing in the address must show something, or its row proves nothing."""
    bare = {
        "home",
        "desk-home",
        "search",
        "maintenance",
        "account",
        "password-change",
        "tile",
        "exchange-enrolments",
        "api:root",
        "api:me",
    }
    forms = {row.name for row in ROWS if row.name.endswith(("-new", "-register")) or row.name == "node-edit"}
    same_for_all = {"role-list"}
    mute = {
        row.name for row in ROWS if row.needs is not PUBLIC and not (row.about or row.lists or row.holds or row.posts)
    }
    assert mute == (bare | forms | same_for_all) & mute
    assert mute <= bare | forms | same_for_all


@pytest.mark.parametrize("letter", TIERS)
def test_no_page_at_all_shows_another_regions_things(letter, world):
    outsider = entered(all_powerful(ELSEWHERE[letter][0]))
    canaries = [
        world.canary(kind)
        for kind in (
            "case",
            "grid",
            "component",
            "place",
            "organisation",
            "person",
            "token",
            "audit",
            "link",
            "parked",
            "node",
        )
    ]
    leaks = {}
    for route in routes_of(letter):
        row = route.row
        if row.needs is PUBLIC or row.posts:
            continue
        response = outsider.get(world.address(row))
        shown = body_of(response).replace(world.address(row), "")
        if found := [canary for canary in canaries if canary in shown and response.status_code == 200]:
            leaks[route.name] = found
    assert leaks == {}


@pytest.mark.parametrize("letter", TIERS)
def test_a_tile_holds_the_own_regions_cases_only(letter, world):
    address = world.address(BY_NAME["tile"])
    assert entered(all_powerful(HERE[letter])).get(address).status_code == 200
    for code in ELSEWHERE[letter]:
        response = entered(all_powerful(code)).get(address)
        assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("letter", TIERS)
def test_search_finds_the_own_regions_things_only(letter, world):
    for code, route in (
        (world.case.case_no, "case-detail"),
        (world.grid.grid_code, "grid-detail"),
        (world.component.obj_id, "component-detail"),
    ):
        target = reverse(route, args=[code])
        assert entered(all_powerful(HERE[letter])).get(reverse("search"), {"q": code}).url == target
        for division_code in ELSEWHERE[letter]:
            response = entered(all_powerful(division_code)).get(reverse("search"), {"q": code}, follow=True)
            assert target not in body_of(response)
            assert not any(url == target for url, _status in response.redirect_chain)


@pytest.mark.parametrize("letter", TIERS)
def test_an_exception_opens_its_one_object_everywhere_and_nothing_else(letter, world):
    guest = all_powerful(ELSEWHERE[letter][0])
    assert entered(guest).get(world.address(BY_NAME["case-detail"])).status_code == 404
    grants.grant(person("security_admin", division_code=HERE[letter]), guest, world.case, reason="协查")
    client = entered(User.objects.get(pk=guest.pk))
    assert client.get(world.address(BY_NAME["case-detail"])).status_code == 200
    assert world.case.case_no in body_of(client.get(reverse("case-list")))
    assert client.get(world.address(BY_NAME["tile"])).status_code == 200
    assert client.get(world.address(BY_NAME["grid-detail"])).status_code == 404
    other = entered(all_powerful(ELSEWHERE[letter][0]))
    assert other.get(world.address(BY_NAME["tile"])).status_code == 204
    assert other.get(world.address(BY_NAME["case-detail"])).status_code == 404


@pytest.mark.parametrize("letter", ["m"])
def test_who_is_bound_to_a_department_sees_only_its_cases(letter, world):
    from tests.factories.grid import stored_case
    from tests.factories.people import organisation

    own = organisation("OWNDEPARTMENT")
    operator = entered(person("department", division_code=HERE[letter], organisation=own))
    mine = stored_case(duty_org=own.org_code, address="mine")
    assert operator.get(reverse("case-detail", args=[mine.case_no])).status_code == 200
    assert operator.get(world.address(BY_NAME["case-detail"])).status_code == 404
    shown = body_of(operator.get(reverse("case-list")))
    assert mine.case_no in shown
    assert "canary-case" not in shown
