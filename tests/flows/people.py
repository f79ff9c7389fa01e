"""A city in which a case can be carried through: a unit grid, offices, people with tokens."""

import json
from collections.abc import Sequence

from tests.launcher import Instance

MAIN, OTHER = "CZ0000000000000001", "CZ0000000000000002"
"""The departments of ``department`` and ``other_department``."""
PEOPLE_OF_A_DAY = (
    "collector",
    "acceptor",
    "duty_leader",
    "dispatcher",
    "department",
    "other_department",
    "leader",
)
MAKE = """
import json
from django.contrib.gis.geos import Polygon
from cityops.accounts.models import Organisation, Role, User
from cityops.accounts.services.tokens import issue_token
from grid.models import UnitGrid
city = "330100000000"
def office(code, name, kind):
    return Organisation.objects.create(org_code=code, name=name, org_type=kind, division_code=city)
kinds = Organisation.Type
office("ZG0000000000000001", "城管局", kinds.AUTHORITY)
offices = {
    "department": office("CZ0000000000000001", "环卫中心", kinds.DEPARTMENT),
    "other_department": office("CZ0000000000000002", "市政中心", kinds.DEPARTMENT),
}
UnitGrid.objects.create(
    grid_code="330102001001001", area_m2=1000000, init_date="2026-01-01",
    geom=Polygon.from_bbox((120.17, 30.245, 120.19, 30.265)).__class__(
        ((120.17, 30.245), (120.19, 30.245), (120.19, 30.265), (120.17, 30.265), (120.17, 30.245)), srid=4490),
)
tokens = {}
for who in PEOPLE:
    user = User.objects.create_user(
        username="flow-" + who, division_code=city, is_integration=True, organisation=offices.get(who))
    user.groups.set(Role.objects.filter(code=who.removeprefix("other_")))
    tokens[who] = issue_token(None, user, "flow", ["read", "write"], 1)[1]
print("tokens=" + json.dumps(tokens))
"""


def office_people(one: Instance, people: Sequence[str] = PEOPLE_OF_A_DAY) -> dict[str, str]:
    """Make people, each with the role of that name (``flow-`` before it is the username); role → token."""
    said = one.manage("shell", "-c", f"PEOPLE = {tuple(people)!r}\n{MAKE}")
    return dict(json.loads(said.partition("tokens=")[2].splitlines()[0]))
