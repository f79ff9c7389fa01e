"""One of everything, in 上城区 of 杭州, each with a text that nothing else has; and people who look at it."""

from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse

from cityops.accounts.models import ApiToken, Role, User
from cityops.accounts.permissions import all_permissions
from cityops.foundation import audit
from cityops.regions.rules import Level
from grid.models import ImportRun
from sync.standard.files import DATA, parse_file
from sync.standard.services.loading import load_dictionary
from tests.factories.grid import COMMUNITY, city, disposal_rule, stored_case, unit_grid
from tests.factories.ground import component
from tests.factories.people import api_token, division, organisation, person
from tiers.models import Node

DISTRICT = "330102000000"
HERE = {"n": "000000000000", "p": "330000000000", "m": "330100000000"}
"""Division of who is responsible for the things, by tier."""
ELSEWHERE = {"n": ("320000000000",), "p": ("320000000000", "330200000000"), "m": ("330200000000", "330106000000")}
"""Divisions of others: another province, another city, another district of the same city."""


class World:
    """The things, their addresses and the texts by which a leak is known."""

    def __init__(self) -> None:
        for code in {"000000000000", "330000000000", "330200000000", "320000000000", "330106000000", DISTRICT}:
            division(code, name="国家" if code == "000000000000" else "")
        division("330200000000", name="宁波市")
        city()
        division(COMMUNITY[:9] + "000", level=Level.STREET)
        self.grid = unit_grid(name="canary-grid")
        self.case = stored_case(address="canary-case", case_no="3301022026010100000001", origin_code="330100000000-C")
        self.component = component(obj_name="canary-component")
        self.organisation = organisation("CANARYORG", division_code=DISTRICT, name="canary-organisation")
        self.person = person("acceptor", division_code=DISTRICT, username="canary-person")
        robot = person("data_officer", division_code=DISTRICT, username="canary-robot", is_integration=True)
        api_token(robot)
        self.token = ApiToken.objects.get(user=robot)
        ApiToken.objects.update(name="canary-token")
        with transaction.atomic():
            self.audit = audit.record("canary.audit", key="canary-audit", division_code=DISTRICT)
        self.node = Node.objects.create(
            node_code="330102000000-C",
            tier="3",
            division_code=DISTRICT,
            platform_name="canary-node",
            base_url="http://127.0.0.1",
            std_version="1",
        )
        self.rule = disposal_rule()
        for file in sorted((DATA / "datasets").glob("*.json")):
            load_dictionary(parse_file(file.read_bytes(), file.name))

    def settle(self, letter: str) -> None:
        """Let the things, but for the case, belong to the node of a tier: what is its own shows most."""
        node = f"{HERE[letter]}-{letter.upper().replace('M', 'C')}"
        for thing in (self.grid, self.component, self.organisation):
            type(thing).objects.filter(pk=thing.pk).update(origin_code=node)

    def canary(self, kind: str) -> str:
        """The text that only the thing has."""
        return {"grid": self.grid.grid_code, "case": self.case.case_no}.get(kind, f"canary-{kind}")

    def arguments(self, route_name: str, about: str) -> list[object]:
        """What stands in the address of a route about a thing."""
        found = {
            "case": lambda: [self.case.case_no],
            "case_act": lambda: [self.case.case_no, "accept"],
            "grid": lambda: [self.grid.grid_code],
            "component": lambda: [self.component.obj_id],
            "organisation": lambda: [self.organisation.org_code],
            "person": lambda: [self.person.username],
            "grant": lambda: [self.person.username, 0],
            "role": lambda: ["leader"],
            "token": lambda: [self.token.pk],
            "audit": lambda: [self.audit.pk],
            "import": lambda: [self.import_run.pk],
            "figure": lambda: ["closing_rate", "330100000000", "2026"],
            "city": lambda: ["330100000000"],
            "division": lambda: [DISTRICT],
            "dataset": lambda: ["GL01"],
            "code_list": lambda: ["CL_VALID"],
            "rule": lambda: [self.rule.pk],
            "link": lambda: ["330000000000-P"],
            "parked": lambda: [1],
            "held": lambda: ["330000000000-P", "GL01"],
            "tile": lambda: ["cases", 12, 3413, 1689],
            "": list,
        }
        return found[about]()

    @property
    def import_run(self) -> ImportRun:
        """A run of an import; made when asked for."""
        return ImportRun.objects.first() or ImportRun.objects.create(kind="grids", division_code=DISTRICT)

    def address(self, row) -> str:
        """The address of a route about the things of this world."""
        address = reverse(row.name, args=self.arguments(row.name, row.about))
        return f"{address}?{row.query}" if row.query else address


def all_powerful(division_code: str, **fields) -> User:
    """Somebody who may do everything, in one division: what stays hidden then is hidden by region alone."""
    role, is_new = Role.objects.get_or_create(
        code="everything", defaults={"name": "everything", "tiers": ["national", "provincial", "municipal"]}
    )
    if is_new:
        wanted = {p.codename for p in all_permissions()}
        rows = Permission.objects.select_related("content_type")
        role.permissions.set([r for r in rows if f"{r.content_type.app_label}.{r.codename}" in wanted])
    return person("everything", division_code=division_code, **fields)
