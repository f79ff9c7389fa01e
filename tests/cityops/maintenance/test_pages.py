"""Pages of the maintenance system."""

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cityops.accounts.models import ApiToken, Organisation, Role, User
from cityops.accounts.services import grants
from cityops.foundation import audit
from cityops.foundation.models import AuditEvent
from tests.factories.people import HANGZHOU, NINGBO, division, organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client):
    def as_role(role, **fields):
        user = person(role, **fields)
        client.force_login(user)
        return user

    return as_role


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("system_admin", "person-list", "audit-list"),
        ("audit_admin", "audit-list", "person-list"),
        ("acceptor", "organisation-list", "token-list"),
    ],
)
def test_the_first_page_has_only_the_doors_that_open(client, enter, role, shown, hidden):
    enter(role)
    page = client.get(reverse("maintenance")).content.decode()
    assert f'href="{reverse(shown)}"' in page
    assert f'href="{reverse(hidden)}"' not in page


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("system_admin", "organisation-list"),
        ("system_admin", "organisation-new"),
        ("system_admin", "person-list"),
        ("system_admin", "person-new"),
        ("security_admin", "role-list"),
        ("security_admin", "role-new"),
        ("security_admin", "grant-list"),
        ("system_admin", "token-list"),
        ("system_admin", "token-new"),
        ("audit_admin", "audit-list"),
        ("leader", "node-list"),
    ],
)
def test_every_page_opens(client, enter, role, name):
    enter(role)
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert b"<h1>" in response.content


def test_a_list_is_filtered_paged_and_exported(client, enter, django_assert_max_num_queries):
    enter("leader")
    for number in range(60):
        organisation(name=f"清运{number}")
    organisation(name="园林")
    with django_assert_max_num_queries(9):
        page = client.get(reverse("organisation-list"), {"q": "清运", "page": 2})
    assert len(page.context["rows"]) == 10
    exported = b"".join(client.get(reverse("organisation-list"), {"q": "园林", "format": "csv"}).streaming_content)
    assert exported.decode().count("\n") == 2
    assert client.get(reverse("organisation-list"), {"q": "没有"}).context["is_filtered"]


def test_a_wrong_filter_shows_its_error_and_no_rows(client, enter):
    enter("leader")
    organisation()
    page = client.get(reverse("organisation-list"), {"org_type": "99"})
    assert page.context["rows"] == []
    assert "fm-e" in page.content.decode()


def test_an_organisation_is_made_on_the_page(client, enter):
    enter("system_admin")
    values = {"org_code": "AB01", "name": "市政", "org_type": "05", "division_code": HANGZHOU, "status": "1"}
    response = client.post(reverse("organisation-new"), values, follow=True)
    assert response.status_code == 200
    assert Organisation.objects.get(org_code="AB01").name == "市政"
    response = client.post(reverse("organisation-new"), values)
    assert (response.status_code, "org_code" in response.context["form"].errors) == (400, True)
    response = client.post(reverse("organisation-edit", args=["AB01"]), {**values, "name": "市政二"})
    assert response.status_code == 302
    assert Organisation.objects.get().name == "市政二"


def test_another_cities_things_are_not_there(client, enter):
    division(NINGBO)
    far_person = person("acceptor", division_code=NINGBO)
    far = organisation(division_code=NINGBO)
    enter("system_admin")
    assert client.get(reverse("organisation-detail", args=[far.org_code])).status_code == 404
    assert client.post(reverse("organisation-edit", args=[far.org_code]), {"name": "x"}).status_code == 404
    assert client.get(reverse("person-detail", args=[far_person.username])).status_code == 404
    enter("security_admin")
    assert client.post(reverse("person-roles", args=[far_person.username]), {"reason": "r"}).status_code == 404
    assert User.objects.get(pk=far_person.pk).roles


def test_a_person_is_made_and_gets_roles_from_another_administrator(client, enter):
    enter("system_admin")
    values = {"username": "xinren", "name": "新人", "division_code": HANGZHOU, "password": "Trams-Run-On-Time-7"}
    assert client.post(reverse("person-new"), values).status_code == 302
    assert (
        client.post(reverse("person-roles", args=["xinren"]), {"roles": "acceptor", "reason": "r"}).status_code == 403
    )
    enter("security_admin")
    assert (
        client.post(reverse("person-roles", args=["xinren"]), {"roles": "acceptor", "reason": "r"}).status_code == 302
    )
    assert [role.code for role in User.objects.get(username="xinren").roles] == ["acceptor"]


def test_two_administrators_in_one_are_refused_on_the_page(client, enter):
    one = person(())
    enter("security_admin")
    response = client.post(
        reverse("person-roles", args=[one.username]), {"roles": ["system_admin", "audit_admin"], "reason": "r"}
    )
    assert response.status_code == 409
    assert not User.objects.get(pk=one.pk).roles


CHANGING = ("person-edit", "person-active", "person-password", "person-sessions")


@pytest.mark.parametrize(
    "name", ["person-edit", "person-active", "person-password", "person-sessions", "person-unlock", "person-grant"]
)
def test_pages_of_a_person_open_for_who_may(client, enter, name):
    one = person("acceptor")
    enter("system_admin" if name in CHANGING else "security_admin")
    assert client.get(reverse("person-detail", args=[one.username])).status_code == 200
    assert client.get(reverse(name, args=[one.username])).status_code == 200


def test_a_disabled_person_is_told_why_in_the_trail(client, enter):
    one = person("acceptor")
    enter("system_admin")
    assert client.post(reverse("person-active", args=[one.username]), {}).status_code == 400
    client.post(reverse("person-active", args=[one.username]), {"reason": "离职"})
    assert not User.objects.get(pk=one.pk).is_active
    assert AuditEvent.objects.get(action="person.disable").reason == "离职"


def test_one_object_is_granted_and_taken_back_on_the_page(client, enter):
    division("330102000000")
    one, thing = person("acceptor", division_code="330102000000"), organisation()
    enter("security_admin")
    address = reverse("person-grant", args=[one.username])
    wrong = client.post(address, {"kind": "organisation", "key": "nothing", "reason": "r"})
    assert "key" in wrong.context["form"].errors
    assert client.post(address, {"kind": "organisation", "key": thing.org_code, "reason": "r"}).status_code == 302
    page = client.get(reverse("person-detail", args=[one.username]))
    withdraw = page.context["blocks"][0].rows[0][2].url
    assert client.post(withdraw, {"reason": "r"}).status_code == 302
    assert not User.objects.get(pk=one.pk).has_grants


def test_the_page_of_a_person_shows_the_lock_that_is_to_be_ended(client, enter):
    one = person("acceptor")
    address = reverse("person-detail", args=[one.username])
    for _ in range(4):
        Client(REMOTE_ADDR="203.0.113.7").post("/sign-in/", {"username": one.username, "password": "wrong"})
    enter("security_admin")
    assert "未锁定" in client.get(address).content.decode()
    Client(REMOTE_ADDR="203.0.113.7").post("/sign-in/", {"username": one.username, "password": "wrong"})
    page = client.get(address)
    assert "未锁定" not in page.content.decode()
    assert [cell.text for cell in page.context["blocks"][1].rows[0][:2]] == ["203.0.113.7", 5]
    client.post(reverse("person-unlock", args=[one.username]), {"reason": "本人来电"})
    assert "未锁定" in client.get(address).content.decode()


def test_who_reads_the_trail_finds_it_from_the_person(client, enter):
    one = person("acceptor")
    role = Role.objects.create(code="reader", name="reader", tiers=["municipal"])
    role.permissions.set(Permission.objects.filter(codename__in=["view_person", "view_audit"]))
    link = f"{reverse('audit-list')}?object_key={one.username}"
    enter("security_admin")
    assert link not in client.get(reverse("person-detail", args=[one.username])).content.decode()
    enter("reader")
    assert link in client.get(reverse("person-detail", args=[one.username])).content.decode()
    assert client.get(link).status_code == 200


def test_a_token_is_shown_once(client, enter):
    person("data_officer", is_integration=True, username="duijie")
    enter("system_admin")
    response = client.post(
        reverse("token-new"), {"integration": "duijie", "name": "对接", "scopes": ["read"], "days": 30}
    )
    secret = response.context["secret"]
    assert secret in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert secret not in client.get(reverse("token-list")).content.decode()
    answer = client.get("/api/v1/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    client.post(reverse("token-revoke", args=[ApiToken.objects.get().pk]), {"reason": "r"})
    client.logout()
    assert client.get("/api/v1/", headers={"Authorization": f"Bearer {secret}"}).json()["code"] == "token_revoked"


def test_a_role_is_changed_by_the_security_administrator(client, enter):
    enter("security_admin")
    response = client.post(
        reverse("role-edit", args=["hotline"]), {"permissions": ["grid.view_case"], "reason": "收紧"}
    )
    assert response.status_code == 302
    assert not person("hotline").has_perm("grid.register_case")
    assert client.get(reverse("role-detail", args=["hotline"])).status_code == 200
    assert client.get(reverse("role-detail", args=["analyst"])).status_code == 404  # not of this tier


def test_a_role_of_ones_own_is_made_renamed_and_deleted_when_nobody_holds_it(client, enter):
    enter("security_admin")
    made = client.post(
        reverse("role-new"), {"code": "street_desk", "name": "街道席", "is_limited": "on", "reason": "试点"}
    )
    assert made.url == reverse("role-edit", args=["street_desk"])
    role = Role.objects.get(code="street_desk")
    assert role.is_bound_to_organisation
    change, delete = (reverse(name, args=["street_desk"]) for name in ("role-change", "role-delete"))
    taken = client.post(change, {"name": "受理员", "reason": "r"})
    assert (taken.status_code, "name" in taken.context["form"].errors) == (400, True)
    assert client.post(change, {"name": "街道受理席", "reason": "更名"}).status_code == 302
    role.refresh_from_db()
    assert (role.name, role.is_bound_to_organisation) == ("街道受理席", False)
    holder = person("street_desk")
    assert client.post(delete, {"reason": "r"}).status_code == 409
    holder.groups.clear()
    assert client.post(delete, {"reason": "试点结束"}).status_code == 302
    assert not Role.objects.filter(code="street_desk").exists()
    actions = AuditEvent.objects.filter(object_key="street_desk").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["role.create", "role.change", "role.delete"]


@pytest.mark.parametrize("name", ["role-change", "role-delete"])
def test_the_roles_of_the_product_are_neither_renamed_nor_deleted(client, enter, name):
    enter("security_admin")
    assert client.post(reverse(name, args=["hotline"]), {"name": "x", "reason": "r"}).status_code == 404
    assert Role.objects.get(code="hotline").name == "热线话务员"


def test_all_single_grants_are_listed_at_once(client, enter, django_assert_max_num_queries):
    district = division("330102000000").code
    security = enter("security_admin")
    things = [organisation() for _ in range(12)]
    for thing in things:
        grants.grant(security, person("acceptor", division_code=district), thing, reason="协办")
    with django_assert_max_num_queries(14):
        page = client.get(reverse("grant-list"))
    assert {row[3].text for row in page.context["rows"]} == {thing.org_code for thing in things}
    assert client.get(page.context["rows"][0][4].url).status_code == 200


def entry(action, division_code=HANGZHOU):
    with transaction.atomic():
        return audit.record(action, kind="thing", key="k", division_code=division_code, after={"a": 1}, reason="why")


def test_the_trail_is_filtered_read_and_exported(client, enter):
    entry("thing.one")
    second = entry("thing.two")
    enter("audit_admin")
    page = client.get(reverse("audit-list"), {"action": "thing.t", "since": timezone.localdate().isoformat()})
    assert len(page.context["rows"]) == 1
    assert "why" in client.get(reverse("audit-detail", args=[second.pk])).content.decode()
    exported = b"".join(client.get(reverse("audit-list"), {"action": "thing.", "format": "csv"}).streaming_content)
    assert exported.decode().count("thing.") == 2
    assert AuditEvent.objects.filter(action="audit.export").exists()


def test_the_trail_of_another_division_is_not_there(client, enter):
    division("330102000000")
    city, district, none = entry("a.city"), entry("a.district", "330102000000"), entry("a.none", "")
    enter("audit_admin", division_code="330102000000")
    assert client.get(reverse("audit-detail", args=[district.pk])).status_code == 200
    assert client.get(reverse("audit-detail", args=[city.pk])).status_code == 404
    assert client.get(reverse("audit-detail", args=[none.pk])).status_code == 404


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE foundation_auditevent SET reason = 'nicer'",
        "DELETE FROM foundation_auditevent",
        "TRUNCATE foundation_auditevent",
    ],
)
def test_the_database_refuses_to_change_the_trail(statement):
    entry("thing.one")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.get().reason == "why"


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(audit.AuditOutsideTransaction):
        audit.record("thing.one")
    assert not AuditEvent.objects.exists()


def test_no_trail_no_change(client, enter, monkeypatch):
    one = person("acceptor")
    enter("system_admin")

    def broken(*_args, **_fields):
        raise DatabaseError("no room")

    monkeypatch.setattr(AuditEvent, "save", broken)
    client.raise_request_exception = False
    assert client.post(reverse("person-active", args=[one.username]), {"reason": "r"}).status_code == 500
    assert User.objects.get(pk=one.pk).is_active
