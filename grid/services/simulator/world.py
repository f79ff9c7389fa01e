"""The simulated city as the simulator knows it: grids, classes, rules, organisations, people; what gets reported."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from django.db.models import F, FloatField, Func, Window
from django.db.models.functions import Mod, RowNumber

from cityops.accounts.models import Organisation, User
from cityops.foundation.errors import Refused
from cityops.regions.models import Division
from grid.models import Component, UnitGrid
from grid.models.ground import CodeState
from grid.rules.behaviour import REPORTERS, SAME_AGAIN_SHARE, SOURCES
from grid.rules.codes import CURRENT
from grid.rules.moving import DEFAULT_RULE, FilingRule
from grid.rules.tempo import random_of
from grid.rules.transitions import BY_DEPARTMENT, MOVES, Action
from grid.selectors.places import city_prefix
from sync.standard.models import ClassEntry, DisposalRule

BIG_CLASS_WEIGHTS = {"06": 36, "09": 25, "01": 14, "02": 8, "04": 6, "07": 6, "08": 5, "03": 4, "05": 1, "10": 1}
"""Reports by major class: litter and street order first, then what breaks."""
LIVELY_PER_CLASS = 9
"""Minor classes of a major class that are reported in earnest; the rest is rare and left out."""
INDUSTRIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("供水", "消火栓", "消防"), "GS"),
    (("污水", "雨水", "排水"), "PS"),
    (("燃气",), "RQ"),
    (("路灯", "照明", "灯"), "ZM"),
    (("公交", "护栏", "标志", "信号"), "JT"),
    (("道路", "桥", "人行"), "QL"),
)
"""Words in the name of a class → industry (CL_INDUSTRY) that looks after it."""
INDUSTRY_OF_MAJOR = {"06": "SR", "03": "SR", "04": "YL", "07": "ZF", "08": "ZF", "09": "ZF", "02": "JT", "01": "SZ"}
STREETS = (
    "中山路",
    "人民路",
    "解放路",
    "建设路",
    "文化路",
    "新华路",
    "体育场路",
    "环城路",
    "滨河路",
    "学院路",
    "和平路",
)
SCENES = (
    "{address}有{name},影响市容,请处理。",
    "{address}发现{name}。",
    "巡查至{address},发现{name}。",
    "{address}{name},请尽快处置。",
    "市民反映{address}{name}。",
)


@dataclass(frozen=True)
class Ground:
    """One unit grid: its code, its rectangle, the place's name."""

    code: str
    division_code: str
    bounds: tuple[float, float, float, float]
    place: str


@dataclass(frozen=True)
class Matter:
    """One class that is reported, with the rules it can be filed under."""

    kind: str
    code: str
    name: str
    major: str
    rules: tuple[tuple[int, FilingRule], ...]
    """(pk of the disposal rule, rule)."""


@dataclass(frozen=True)
class Thing:
    """A component that may break."""

    obj_id: str
    grid: Ground
    lon: float
    lat: float
    class_code: str
    authority: tuple[str, str]


@dataclass(frozen=True)
class Worker:
    """A person as the simulator sees one."""

    pk: int
    username: str
    org_code: str
    scope_prefix: str
    roles: dict[str, str]
    """Role code → CL_ROLE."""


@dataclass(frozen=True)
class Happening:
    """Something that gets reported."""

    grid: Ground
    lon: float
    lat: float
    matter: Matter
    source: str
    reporter_type: str
    description: str
    address: str
    urgency: str
    component: Thing | None = None


@dataclass
class World:
    """Everything that drawing a report or choosing who acts needs; read once."""

    grounds: list[Ground]
    ground_weights: list[float]
    matters: dict[str, list[Matter]]
    """Major class → matters, the liveliest first."""
    component_matters: dict[str, Matter]
    things: list[Thing]
    departments: dict[tuple[str, str], str]
    """(county of six digits or '', industry) → organisation code."""
    authority: tuple[str, str]
    workers: list[Worker]
    _chosen: dict[tuple[str, ...], list[Worker]] = field(default_factory=dict)

    def department_for(self, matter: Matter, county: str) -> str:
        """The organisation that handles a matter in a county: the county's own, else the city's."""
        industry = industry_of(matter.name, matter.major)
        for key in ((county, industry), ("", industry), (county, "ZF"), ("", "SZ")):
            if key in self.departments:
                return self.departments[key]
        return next(iter(self.departments.values()))

    def department_again(self, county: str, had: str, rng: Random) -> str:
        """Who gets a case that ``had`` sent back: mostly another department of the county or the city."""
        others = sorted({org for (place, _trade), org in self.departments.items() if place in ("", county)} - {had})
        return had if not others or rng.random() < SAME_AGAIN_SHARE else rng.choice(others)

    def worker_for(
        self, action: Action, county: str, org_code: str, rng: Random, *, roles: tuple[str, ...] = ()
    ) -> Worker:
        """Who makes a move: somebody of the handling organisation, or of the desk for the county.

        ``roles`` are those that decide, where the table names more. Raises Refused where nobody may.
        """
        handles = action in BY_DEPARTMENT
        key = (action.value, county, org_code if handles else "", *roles)
        if key not in self._chosen:
            self._chosen[key] = self._candidates(action, county, org_code if handles else "", roles)
        return rng.choice(self._chosen[key])

    def worker(self, pk: int | None) -> Worker | None:
        """Somebody known by the key."""
        return next((worker for worker in self.workers if worker.pk == pk), None)

    def _candidates(self, action: Action, county: str, org_code: str, roles: tuple[str, ...]) -> list[Worker]:
        for role in roles or MOVES[action].roles:
            fit = [
                worker
                for worker in self.workers
                if role in worker.roles
                and county.startswith(worker.scope_prefix[:6])
                and (not org_code or worker.org_code == org_code)
            ]
            if fit:
                fewest, nearest = min(len(w.roles) for w in fit), max(len(w.scope_prefix) for w in fit)
                best = [w for w in fit if len(w.roles) == fewest and len(w.scope_prefix) == nearest]
                return best or [w for w in fit if len(w.roles) == fewest]
        raise Refused(f"Nobody in {county} may {action}; run manage.py seed_demo first.")


def industry_of(name: str, major: str) -> str:
    """The industry (CL_INDUSTRY) that looks after a class: by words in its name, else by its major class."""
    if major in {"01", "02"}:
        for words, industry in INDUSTRIES:
            if any(word in name for word in words):
                return industry
    return INDUSTRY_OF_MAJOR.get(major, "SZ")


def read_world(seed: int) -> World:
    """Read the simulated city. Raises Refused, naming the command, where something it stands on is missing."""
    grounds = _grounds()
    rules = _rules()
    departments = _departments()
    if not grounds:
        raise Refused("There are no unit grids yet; run manage.py simulate.")
    if not rules:
        raise Refused("There are no classes and disposal rules; run manage.py load_standard first.")
    if not departments:
        raise Refused("There are no disposal departments; run manage.py seed_demo first.")
    by_code = {ground.code: ground for ground in grounds}
    rng = random_of(seed, "grounds")
    chief = (
        Organisation.objects.active()
        .filter(org_type=Organisation.Type.AUTHORITY, division_code__startswith=city_prefix())
        .order_by("org_code")
        .first()
    )
    return World(
        grounds=grounds,
        ground_weights=[rng.lognormvariate(0, 0.75) for _ground in grounds],
        matters=_matters(rules, seed),
        component_matters=_component_matters(rules),
        things=_things(by_code),
        departments=departments,
        authority=(chief.org_code, chief.name) if chief else ("", ""),
        workers=_workers(),
    )


def _grounds() -> list[Ground]:
    rows = (
        UnitGrid.objects.filter(status=CodeState.VALID, division_code__startswith=city_prefix())
        .order_by("grid_code")
        .values_list("grid_code", "division_code", "geom")
    )
    names = place_names()
    found = []
    for code, division, geom in rows:
        place = "".join(names.get(division[:digits].ljust(12, "0"), "") for digits in (6, 9))
        found.append(Ground(code, division, geom.extent, place))
    return found


def place_names() -> dict[str, str]:
    """Division code → name, from county to community."""
    rows = Division.objects.current().filter(code__startswith=city_prefix(), level__gte=4)
    return dict(rows.values_list("code", "name"))


def _rules() -> dict[str, list[tuple[int, FilingRule]]]:
    """Class code of the current standard → its rules in order."""
    found: dict[str, list[tuple[int, FilingRule]]] = {}
    rows = DisposalRule.objects.filter(
        rule_set__kind="rules", rule_set__is_default=True, is_active=True, limit_value__isnull=False
    ).order_by("class_code", "condition_no")
    for row in rows:
        for code in row.matter_codes:
            if row.limit_value is not None:
                rule = FilingRule(row.filing_condition, row.limit_value, row.limit_unit)
                found.setdefault(code, []).append((row.pk, rule))
    return found


def _classes(kind: str) -> Iterable[ClassEntry]:
    return ClassEntry.objects.in_force().filter(version=CURRENT, kind=kind).order_by("class_code")


def _matters(rules: dict[str, list[tuple[int, FilingRule]]], seed: int) -> dict[str, list[Matter]]:
    found: dict[str, list[Matter]] = {}
    for entry in _classes(ClassEntry.Kind.MATTER):
        if entry.class_code in rules:
            matter = Matter("2", entry.class_code, entry.class_name, entry.big_code, tuple(rules[entry.class_code]))
            found.setdefault(entry.big_code, []).append(matter)
    for major, matters in found.items():
        random_of(seed, "matters", major).shuffle(matters)
        del matters[LIVELY_PER_CLASS:]
    return found


def _component_matters(rules: dict[str, list[tuple[int, FilingRule]]]) -> dict[str, Matter]:
    return {
        entry.class_code: Matter(
            "1", entry.class_code, entry.class_name, entry.big_code, tuple(rules[entry.class_code])
        )
        for entry in _classes(ClassEntry.Kind.COMPONENT)
        if entry.class_code in rules
    }


def _things(by_code: dict[str, Ground]) -> list[Thing]:
    """Every fifth component."""
    place = Window(RowNumber(), order_by="obj_id")
    rows = (
        Component.objects.filter(std_ref=CURRENT, note="模拟数据")
        .annotate(place=place, lon=_ordinate("ST_X"), lat=_ordinate("ST_Y"))
        .annotate(turn=Mod("place", 5))
        .filter(turn=1)
        .order_by("obj_id")
        .values_list("obj_id", "grid_code", "lon", "lat", "class_code", "dept_code1", "dept_name1")
    )
    return [
        Thing(obj_id, by_code[grid], lon, lat, class_code, (code, name))
        for obj_id, grid, lon, lat, class_code, code, name in rows
        if grid in by_code
    ]


def _ordinate(function: str) -> Func:
    return Func(F("geom"), function=function, output_field=FloatField())


def _departments() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    rows = Organisation.objects.active().filter(
        org_type=Organisation.Type.DEPARTMENT, division_code__startswith=city_prefix()
    )
    staffed = set(User.objects.filter(groups__role__code="department").values_list("organisation__org_code", flat=True))
    for row in rows.order_by("org_code"):
        county = "" if row.division_code[4:6] == "00" else row.division_code[:6]
        if row.org_code in staffed:
            found.setdefault((county, row.industry), row.org_code)
    return found


def _workers() -> list[Worker]:
    people = User.objects.filter(is_active=True, is_integration=False, scope_prefix__startswith=city_prefix())
    rows = people.order_by("username").values_list(
        "pk", "username", "organisation__org_code", "scope_prefix", "groups__role__code", "groups__role__step_code"
    )
    found: dict[int, Worker] = {}
    for pk, username, org_code, scope, role, step_code in rows:
        worker = found.setdefault(pk, Worker(pk, username, org_code or "", scope, {}))
        if role:
            worker.roles[role] = step_code
    return list(found.values())


def draw(world: World, rng: Random) -> Happening:
    """Something that gets reported: where, what, by whom, in which words."""
    source = rng.choices([code for code, _w in SOURCES], weights=[w for _c, w in SOURCES])[0]
    majors = [major for major in world.matters if major in BIG_CLASS_WEIGHTS]
    major = rng.choices(majors, weights=[BIG_CLASS_WEIGHTS[m] for m in majors])[0]
    if major in {"01", "02", "03", "04", "05"} and world.things and rng.random() < 0.8:
        thing = rng.choice(world.things)
        if thing.class_code in world.component_matters:
            matter = world.component_matters[thing.class_code]
            name = f"{matter.name}{rng.choice(('破损', '缺失', '松动', '污损', '损坏'))}"
            return _happening(
                rng,
                ground=thing.grid,
                spot=(thing.lon, thing.lat),
                matter=matter,
                source=source,
                name=name,
                thing=thing,
            )
    matters = world.matters[major]
    matter = rng.choices(matters, weights=[1 / (rank + 1.5) for rank in range(len(matters))])[0]
    ground = rng.choices(world.grounds, weights=world.ground_weights)[0]
    return _happening(
        rng, ground=ground, spot=_inside(ground, rng), matter=matter, source=source, name=matter.name, thing=None
    )


def _inside(ground: Ground, rng: Random) -> tuple[float, float]:
    """A point near the middle of a grid's rectangle, inside it even where an edge is clipped a little."""
    west, south, east, north = ground.bounds
    across, up = rng.triangular(0.12, 0.88, 0.5), rng.triangular(0.12, 0.88, 0.5)
    return round(west + across * (east - west), 7), round(south + up * (north - south), 7)


def _happening(
    rng: Random,
    *,
    ground: Ground,
    spot: tuple[float, float],
    matter: Matter,
    source: str,
    name: str,
    thing: Thing | None,
) -> Happening:
    address = f"{ground.place}{rng.choice(STREETS)}{rng.randrange(1, 480)}号{rng.choice(('', '附近', '门前', '路口'))}"
    return Happening(
        grid=ground,
        lon=spot[0],
        lat=spot[1],
        matter=matter,
        source=source,
        reporter_type=REPORTERS[source],
        description=rng.choice(SCENES).format(address=address, name=name),
        address=address,
        urgency=rng.choices(("3", "2", "1"), weights=(93, 6, 1))[0],
        component=thing,
    )


def choose_rule(matter: Matter, rng: Random) -> tuple[int | None, FilingRule]:
    """The rule a case is filed under: most often the first of its class."""
    if not matter.rules:
        return None, DEFAULT_RULE
    rank = min(len(matter.rules) - 1, math.floor(rng.expovariate(1.4)))
    return matter.rules[rank]
