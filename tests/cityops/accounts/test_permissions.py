"""Roles, permissions, and their seeding."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from cityops.accounts.models import Role
from cityops.accounts.permissions import Permission, all_permissions
from cityops.accounts.roles import ADMINISTRATORS, ROLES
from cityops.accounts.seeding import seed_permissions, seed_roles
from tests.factories.people import person

pytestmark = pytest.mark.django_db


def seed():
    seed_roles(seed_permissions(list(all_permissions())))


def test_every_role_of_the_standard_is_there_after_migrate():
    assert set(Role.objects.values_list("code", flat=True)) == {role.code for role in ROLES}


def test_a_role_holds_what_the_tables_of_the_apps_give_it():
    assert person("system_admin").has_perm("accounts.change_organisation")
    assert not person("collector").has_perm("accounts.change_organisation")


def test_seeding_again_changes_nothing():
    before = list(Role.objects.values_list("code", "offered", "permissions__codename").order_by("code", "permissions"))
    seed()
    assert before == list(
        Role.objects.values_list("code", "offered", "permissions__codename").order_by("code", "permissions")
    )


def test_what_people_took_from_a_role_is_not_given_again():
    role = Role.objects.get(code="system_admin")
    role.permissions.remove(role.permissions.get(codename="change_organisation"))
    seed()
    assert not role.permissions.filter(codename="change_organisation").exists()


def test_what_people_gave_to_a_role_stays():
    role, other = Role.objects.get(code="collector"), Role.objects.get(code="security_admin")
    given = other.permissions.get(codename="change_role")
    role.permissions.add(given)
    seed()
    assert role.permissions.filter(pk=given.pk).exists()


def test_a_permission_that_no_app_names_any_more_goes():
    seed_permissions([*all_permissions(), Permission("grid.do_old_things", "旧", ())])
    seed()
    assert not Role.objects.filter(permissions__codename="do_old_things").exists()


@pytest.mark.parametrize("codename", ["register_case", "a.b.c"])
def test_a_codename_is_app_dot_verb(codename):
    with pytest.raises(ImproperlyConfigured):
        Permission(codename, "x", ())


def test_a_role_that_does_not_exist_is_refused():
    with pytest.raises(ImproperlyConfigured, match="mayor"):
        Permission("grid.register_case", "x", ("mayor",))


def test_the_three_administrators_share_no_power_to_change():
    powers = {
        code: {p.codename for p in all_permissions() if code in p.roles and ".view_" not in p.codename}
        for code in ADMINISTRATORS
    }
    for one in ADMINISTRATORS:
        for other in ADMINISTRATORS - {one}:
            assert not powers[one] & powers[other]


def test_nobody_is_above_the_roles():
    with pytest.raises(IntegrityError), transaction.atomic():
        person(is_superuser=True)


def test_a_disabled_person_may_nothing():
    assert not person("system_admin", is_active=False).has_perm("accounts.change_organisation")


def test_permissions_of_a_person_cost_one_query(django_assert_num_queries):
    user = person("system_admin")
    with django_assert_num_queries(1):
        assert user.has_perms(("accounts.change_organisation", "accounts.view_person"))
