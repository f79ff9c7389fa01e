"""Demo organisations and people."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cityops.accounts.models import Organisation, Role, User
from cityops.accounts.roles import ADMINISTRATORS, ROLES
from cityops.accounts.rules.credit_code import is_valid
from cityops.foundation.models import AuditEvent
from cityops.maintenance.rules.demo import PASSWORD
from tests.factories.people import HANGZHOU, division

pytestmark = pytest.mark.django_db
PLACES = {"national": "000000000000", "provincial": "330000000000", "municipal": HANGZHOU}


@pytest.fixture(params=["national", "provincial", "municipal"])
def tier(request, as_tier):
    as_tier(request.param)
    division(PLACES[request.param])
    division("330102000000", name="上城区")
    division("330106000000", name="西湖区")
    return request.param


def seed(**options):
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


def test_every_role_of_the_tier_has_a_person_who_can_sign_in(tier):
    printed = seed()
    for spec in ROLES:
        if tier in spec.tiers:
            user = User.objects.filter(groups__role__code=spec.code, is_integration=False).first()
            assert user is not None, spec.code
            assert user.check_password(PASSWORD)
    assert PASSWORD in printed


def test_a_second_run_adds_nothing(tier):
    seed()
    counts = Organisation.objects.count(), User.objects.count(), AuditEvent.objects.count()
    seed()
    assert counts == (Organisation.objects.count(), User.objects.count(), AuditEvent.objects.count())


def test_organisations_form_one_tree_with_valid_codes(tier):
    seed()
    codes = set(Organisation.objects.values_list("org_code", flat=True))
    roots = Organisation.objects.filter(parent_code="")
    assert roots.count() == 1
    assert all(org.parent_code in codes for org in Organisation.objects.exclude(parent_code=""))
    assert all(is_valid(code) for code in codes)


def test_nobody_holds_the_powers_of_two_administrators(tier):
    seed()
    for user in User.objects.all():
        assert len(ADMINISTRATORS & {role.code for role in user.roles}) <= 1


def test_the_districts_of_a_city_have_bureaus_departments_and_collectors(as_tier):
    as_tier("municipal")
    for code, name in ((HANGZHOU, "杭州市"), ("330102000000", "上城区"), ("330106000000", "西湖区")):
        division(code, name=name)
    seed()
    assert Organisation.objects.filter(division_code="330106000000", org_type="05").count() == 4
    assert set(User.objects.filter(groups__role__code="collector").values_list("division_code", flat=True)) == {
        "330102000000",
        "330106000000",
    }
    operator = User.objects.get(username="qu330106")
    assert operator.scope_prefix == "330106"
    assert operator.is_bound_to_organisation
    assert len(operator.organisation_codes) == 5


def test_the_integration_cannot_sign_in(tier):
    seed()
    assert not User.objects.get(username="duijie").has_usable_password()


def test_json_lists_the_sign_ins(as_tier):
    as_tier("provincial")
    division("330000000000")
    people = json.loads(seed(json=True))["people"]
    assert {"username": "pingjia", "name": "评价管理员", "roles": ["evaluation_manager"]} in people


def test_outside_a_demo_it_refuses(settings):
    settings.CITYOPS_DEMO = False
    with pytest.raises(CommandError, match="CITYOPS_DEMO"):
        seed()
    assert not User.objects.exists()


def test_without_divisions_it_names_the_command_that_loads_them():
    with pytest.raises(CommandError, match="load_regions"):
        seed()
    assert not Organisation.objects.exists()


def test_roles_exist_before_anybody_holds_them():
    assert Role.objects.count() == len(ROLES)
