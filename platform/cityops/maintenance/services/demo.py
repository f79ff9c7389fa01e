"""Fill a demo instance with organisations and people; a second run adds only what is missing."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Organisation, Role, User
from cityops.foundation import audit
from cityops.foundation.errors import Refused
from cityops.maintenance.rules import demo
from cityops.regions.models import Division
from cityops.regions.rules import NATION, Level, scope_prefix
from tiers.tier import Tier, this_instance


class DemoNotAllowed(Refused):
    """This deployment is not a demo: a published password has no place in it."""

    code = "demo_not_allowed"
    title = _("本实例不是演示实例")


class DivisionMissing(Refused):
    """The divisions were not loaded yet."""

    code = "division_missing"
    title = _("区划尚未载入")


@dataclass(frozen=True)
class Seeded:
    """What a run added, and who is there now."""

    organisations: int
    people: int
    sign_ins: tuple[demo.PersonSpec, ...]


def seed_demo() -> Seeded:
    """Make the demo organisations and people of this instance's tier.

    Existing ones stay as they are, with their passwords. Raises DemoNotAllowed outside a demo, DivisionMissing
    before ``load_regions``.
    """
    if not settings.CITYOPS_DEMO:
        raise DemoNotAllowed(str(_("演示人员使用公开的密码;只在演示实例设 CITYOPS_DEMO=1 后运行 seed_demo。")))
    here = this_instance()
    place, districts = _places(here.tier, here.region_code)
    with transaction.atomic():
        organisations = _organisations(demo.organisations(here.tier, place, districts))
        specs = demo.people(here.tier, place, districts)
        people = _people(specs)
        if organisations or people:
            audit.record(
                "demo.seed",
                kind="instance",
                key=here.node_code,
                division_code=here.region_code,
                after={"organisations": organisations, "people": people},
            )
    return Seeded(organisations, people, tuple(specs))


def _places(tier: Tier, code: str) -> tuple[demo.Place, list[demo.Place]]:
    """The instance's division and, for a city, its districts by code."""
    division = Division.objects.current().filter(code=code).only("code", "name", "level").first()
    if division is None:
        raise DivisionMissing(_("没有区划 %s;请先运行 manage.py load_regions。") % code)
    if tier is not Tier.MUNICIPAL:
        return demo.Place(code, "国家" if code == NATION else division.name), []
    rows = Division.objects.current().inside(code, division.level).filter(level=Level.COUNTY).order_by("code")
    return demo.Place(code, division.name), [demo.Place(*row) for row in rows.values_list("code", "name")]


def _organisations(specs: list[demo.OrganisationSpec]) -> int:
    known = set(Organisation.objects.filter(org_code__in=[s.code for s in specs]).values_list("org_code", flat=True))
    fresh = [
        Organisation(
            org_code=spec.code,
            name=spec.name,
            short_name=spec.short_name,
            org_type=spec.org_type,
            division_code=spec.place.code,
            parent_code=spec.parent_code,
            industry=spec.industry,
            duty_scope=spec.duty,
        )
        for spec in specs
        if spec.code not in known
    ]
    Organisation.objects.bulk_create(fresh)
    return len(fresh)


def _people(specs: list[demo.PersonSpec]) -> int:
    known = set(User.objects.filter(username__in=[s.username for s in specs]).values_list("username", flat=True))
    missing = [spec for spec in specs if spec.username not in known]
    if not missing:
        return 0
    organisations = Organisation.objects.in_bulk([s.org_code for s in missing], field_name="org_code")
    divisions = Division.objects.current().filter(code__in={s.division_code for s in missing})
    levels = dict(divisions.values_list("code", "level"))
    password = make_password(demo.PASSWORD)
    made = User.objects.bulk_create(
        User(
            username=spec.username,
            name=spec.name,
            password=make_password(None) if spec.is_integration else password,
            organisation=organisations.get(spec.org_code),
            division_code=spec.division_code,
            scope_prefix=scope_prefix(spec.division_code, levels[spec.division_code]),
            is_integration=spec.is_integration,
        )
        for spec in missing
    )
    roles = dict(Role.objects.values_list("code", "pk"))
    through = User.groups.through
    through.objects.bulk_create(
        through(user_id=user.pk, group_id=roles[role])
        for user, spec in zip(made, missing, strict=True)
        for role in spec.roles
    )
    return len(made)
