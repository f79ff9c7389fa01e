"""Organisations, people, roles, tokens and exceptions: what administrators may, and may not."""

import pytest

from cityops.accounts.models import ApiToken, Organisation, Role, User
from cityops.accounts.permissions import all_permissions
from cityops.accounts.roles import ADMINISTRATORS
from cityops.accounts.rules.separation import administrators_of, exclusive_powers
from cityops.accounts.services import grants, organisations, people, roles, tokens
from cityops.accounts.services.limits import AdministratorsMixed, OwnRights, powers
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from tests.factories.people import HANGZHOU, NINGBO, division, organisation, person

pytestmark = pytest.mark.django_db
VALUES = {"name": "市政中心", "org_type": "05", "division_code": HANGZHOU, "status": "1", "contact": "某人"}
GOOD = "Trams-Run-On-Time-7"


@pytest.fixture
def system():
    return person("system_admin")


@pytest.fixture
def security():
    return person("security_admin")


def last():
    return AuditEvent.objects.first()


def test_powers_of_two_administrators_are_told():
    powers = exclusive_powers(
        [("a.do", ("x",)), ("b.do", ("y",)), ("c.view_it", ("y",)), ("d.do", ("x", "other"))], frozenset("xy")
    )
    assert powers == {"x": frozenset({"a.do"}), "y": frozenset({"b.do"})}
    assert administrators_of({"a.do", "c.view_it", "d.do"}, powers) == ["x"]
    assert administrators_of({"a.do", "b.do"}, powers) == ["x", "y"]


def test_each_administrator_has_powers_of_its_own():
    assert set(powers()) == ADMINISTRATORS
    assert all(powers().values())


def test_an_organisation_is_made_and_changed_with_its_trail(system):
    made = organisations.create_organisation(system, "AB01", VALUES)
    assert (last().action, last().after["name"], last().after["contact"]) == ("organisation.create", "市政中心", True)
    organisations.change_organisation(system, made, {"name": "新名"}, reason="改名")
    assert (last().before, last().after, last().reason) == ({"name": "市政中心"}, {"name": "新名"}, "改名")


@pytest.mark.parametrize(
    ("code", "changes", "field"),
    [
        ("12330100000000012X", {}, "org_code"),
        ("坏", {}, "org_code"),
        ("AB01", {"division_code": NINGBO}, "division_code"),
        ("AB01", {"division_code": "330199000000"}, "division_code"),
        ("AB01", {"parent_code": "nothing"}, "parent_code"),
        ("AB01", {"parent_code": "AB01"}, "parent_code"),
    ],
)
def test_a_wrong_organisation_is_refused_at_its_field(system, code, changes, field):
    division(NINGBO)
    with pytest.raises(InvalidInput) as refused:
        organisations.create_organisation(system, code, {**VALUES, **changes})
    assert refused.value.facts["errors"][0]["field"] == field
    assert not Organisation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_organisations_do_not_stand_in_a_circle(system):
    top, below = organisation("T1"), organisation("T2", parent_code="T1")
    with pytest.raises(InvalidInput, match="下级"):
        organisations.change_organisation(system, top, {"parent_code": below.org_code})


def test_a_replica_belongs_to_its_node(system):
    replica = organisation(origin_code=f"{NINGBO}-C")
    with pytest.raises(Refused):
        organisations.change_organisation(system, replica, {"name": "x"})


def test_an_organisation_with_people_is_not_disused(system):
    one = organisation()
    person("acceptor", organisation=one)
    with pytest.raises(InvalidInput, match="人员"):
        organisations.change_organisation(system, one, {"status": "0"})


def test_a_new_person_has_no_role_and_must_change_the_password(system):
    made = people.create_person(system, "new-one", {"name": "新人", "division_code": HANGZHOU}, password=GOOD)
    assert made.check_password(GOOD)
    assert made.must_change_password
    assert not made.roles
    assert AuditEvent.objects.filter(action="person.create", object_key="new-one").exists()


def test_a_weak_first_password_makes_no_person(system):
    with pytest.raises(InvalidInput):
        people.create_person(system, "new-one", {"name": "新人", "division_code": HANGZHOU}, password="weak")
    assert not User.objects.filter(username="new-one").exists()
    assert not AuditEvent.objects.exists()


def test_nobody_is_made_outside_the_own_division(system):
    division(NINGBO)
    with pytest.raises(InvalidInput):
        people.create_person(system, "far", {"name": "远", "division_code": NINGBO}, password=GOOD)


def test_nobody_changes_the_own_rights(security, system):
    with pytest.raises(OwnRights):
        people.assign_roles(security, security, ["leader"], reason="r")
    with pytest.raises(OwnRights):
        people.set_active(system, system, False, reason="r")
    with pytest.raises(OwnRights):
        people.unlock(security, security, reason="r")
    with pytest.raises(OwnRights):
        people.reset_password(system, system, GOOD, reason="r")
    with pytest.raises(OwnRights):
        people.change_person(system, system, {"organisation": organisation()})
    with pytest.raises(OwnRights):
        roles.set_permissions(person("leader"), Role.objects.get(code="leader"), [], reason="r")
    assert not AuditEvent.objects.exists()


def test_roles_are_given_with_a_reason_and_a_trail(security):
    one = person(())
    people.assign_roles(security, one, ["acceptor", "hotline"], reason="新到岗")
    assert User.objects.get(pk=one.pk).has_perm("grid.register_case")
    assert (last().before, last().after) == ({"roles": []}, {"roles": ["acceptor", "hotline"]})
    with pytest.raises(InvalidInput):
        people.assign_roles(security, one, [], reason="  ")


@pytest.mark.parametrize("pair", [("system_admin", "audit_admin"), ("security_admin", "system_admin")])
def test_nobody_becomes_two_administrators(security, pair):
    one = person(())
    with pytest.raises(AdministratorsMixed):
        people.assign_roles(security, one, pair, reason="r")
    assert not User.objects.get(pk=one.pk).roles


def test_a_role_of_ones_own_does_not_unite_administrators(security):
    role = roles.create_role(security, "helper", "帮手", "municipal", reason="r")
    with pytest.raises(AdministratorsMixed):
        roles.set_permissions(security, role, ["accounts.change_person", "maintenance.export_audit"], reason="r")
    roles.set_permissions(security, role, ["accounts.change_person"], reason="r")
    auditor = person("audit_admin")
    with pytest.raises(AdministratorsMixed):
        people.assign_roles(security, auditor, ["audit_admin", "helper"], reason="r")


def test_changing_a_role_does_not_unite_administrators_in_who_holds_it(security):
    role = roles.create_role(security, "helper", "帮手", "municipal", reason="r")
    person(("audit_admin", "helper"))
    with pytest.raises(AdministratorsMixed):
        roles.set_permissions(security, role, ["accounts.change_person"], reason="r")
    assert not role.permissions.exists()


def test_the_three_administrators_are_as_they_are(security):
    with pytest.raises(Refused):
        roles.set_permissions(security, Role.objects.get(code="audit_admin"), [], reason="r")


def test_what_a_role_lost_stays_lost_after_the_next_migrate(security):
    from cityops.accounts.seeding import seed_permissions, seed_roles

    role = Role.objects.get(code="hotline")
    roles.set_permissions(security, role, ["grid.view_case"], reason="r")
    seed_roles(seed_permissions(list(all_permissions())))
    assert list(role.permissions.values_list("codename", flat=True)) == ["view_case"]


def test_an_integration_is_no_administrator(security):
    with pytest.raises(Refused):
        people.assign_roles(security, person((), is_integration=True), ["system_admin"], reason="r")


def test_an_integration_comes_to_no_powers_of_an_administrator_by_a_role_of_ones_own(security):
    robot = person((), is_integration=True)
    role = roles.create_role(security, "helper", "帮手", "municipal", reason="r")
    people.assign_roles(security, robot, ["helper"], reason="r")
    with pytest.raises(Refused):
        roles.set_permissions(security, role, ["accounts.change_person"], reason="r")
    assert not role.permissions.exists()
    people.assign_roles(security, robot, [], reason="r")
    roles.set_permissions(security, role, ["accounts.change_person"], reason="r")
    with pytest.raises(Refused):
        people.assign_roles(security, robot, ["helper"], reason="r")


def test_a_role_of_another_tier_is_not_given(security):
    one = person(())
    with pytest.raises(InvalidInput, match="analyst"):
        people.assign_roles(security, one, ["analyst"], reason="r")
    assert not User.objects.get(pk=one.pk).roles


def test_a_role_that_opens_nothing_does_not_lift_the_limit_to_the_own_organisation(security):
    operator = person("department")
    role = roles.create_role(security, "helper", "帮手", "municipal", reason="r")
    people.assign_roles(security, operator, ["department", "helper"], reason="r")
    assert User.objects.get(pk=operator.pk).is_bound_to_organisation
    roles.set_permissions(security, role, ["accounts.view_organisation"], reason="r")
    assert User.objects.get(pk=operator.pk).is_bound_to_organisation
    roles.set_permissions(security, role, ["grid.view_case"], reason="r")
    assert not User.objects.get(pk=operator.pk).is_bound_to_organisation


def test_passwords_do_not_lead_to_other_powers(system, security):
    with pytest.raises(NotAllowed):
        people.reset_password(system, security, GOOD, reason="r")
    with pytest.raises(NotAllowed):
        people.reset_password(security, person("acceptor"), GOOD, reason="r")
    people.reset_password(security, system, GOOD, reason="忘记密码")
    system.refresh_from_db()
    assert system.check_password(GOOD)
    assert system.must_change_password


def test_an_unlocked_person_may_try_again(client, security):
    one = person("acceptor")
    for _ in range(5):
        client.post("/sign-in/", {"username": one.username, "password": "wrong"})
    assert people.unlock(security, one, reason="本人来电") > 0
    response = client.post("/sign-in/", {"username": one.username, "password": "correct-horse-battery"})
    assert response.status_code == 302


def test_a_token_is_told_once_and_kept_as_a_digest(system):
    integration = person("data_officer", is_integration=True)
    token, text = tokens.issue_token(system, integration, "对接", ["read"], 30)
    assert text.startswith("cityops_")
    assert text not in str(list(AuditEvent.objects.values())) + str(list(ApiToken.objects.values()))
    tokens.revoke_token(system, token.pk, reason="停用")
    assert ApiToken.objects.get().revoked_at


@pytest.mark.parametrize(("scopes", "days"), [([], 30), (["admin"], 30), (["read"], 0), (["read"], 367)])
def test_a_token_of_wrong_scope_or_time_is_not_issued(system, scopes, days):
    with pytest.raises(InvalidInput):
        tokens.issue_token(system, person("data_officer", is_integration=True), "x", scopes, days)


def test_people_get_no_tokens(system):
    with pytest.raises(Refused):
        tokens.issue_token(system, person("acceptor"), "x", ["read"], 1)


def test_another_divisions_token_is_not_there(system):
    division(NINGBO)
    far = person("data_officer", division_code=NINGBO, is_integration=True)
    token, _ = tokens.issue_token(None, far, "x", ["read"], 1)
    with pytest.raises(NotThere):
        tokens.revoke_token(system, token.pk, reason="r")


def test_one_object_outside_the_scope_can_be_granted_and_taken_back(security):
    district = division("330102000000")
    one = person("acceptor", division_code=district.code)
    thing, other = organisation(), organisation()
    assert not Organisation.objects.visible_to(one).exists()
    grants.grant(security, one, thing, reason="协办")
    one = User.objects.get(pk=one.pk)
    assert list(Organisation.objects.visible_to(one)) == [thing]
    assert last().after == {"person": one.username}
    from guardian.models import UserObjectPermission

    grants.withdraw(security, one, UserObjectPermission.objects.get().pk, reason="办完")
    assert not Organisation.objects.visible_to(User.objects.get(pk=one.pk)).exists()
    assert other.pk


def test_nobody_grants_what_is_not_visible(security):
    division(NINGBO)
    with pytest.raises(NotThere):
        grants.grant(security, person("acceptor"), organisation(division_code=NINGBO), reason="r")


def test_who_has_no_exception_is_not_asked_for_any(django_assert_num_queries):
    one = person("acceptor")
    organisation()
    with django_assert_num_queries(2):  # roles (bound or not), organisations
        one.is_bound_to_organisation  # noqa: B018
        list(Organisation.objects.visible_to(one))
