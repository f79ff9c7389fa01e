"""Who is who in a demo instance, as data: organisations as a tree, and people named after what they do.

Nothing here is a real organisation's code or a real person's name. Organisation codes are well formed (GB 32100) and
begin with ``12`` + division, so that the same instance always gets the same ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cityops.accounts.rules.credit_code import check_character
from tiers.tier import Tier

PASSWORD = "cityops-demo-2026"  # noqa: S105 (the published sign-in of demo instances)
"""Every demo person's password; shown on purpose."""

NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Place:
    """A division as the demo needs it: its 12-digit code and its name."""

    code: str
    name: str


@dataclass(frozen=True)
class OrganisationSpec:
    """One organisation: ``number`` is its sequence in the division, ``parent`` the number and division above it."""

    place: Place
    number: int
    name: str
    short_name: str
    org_type: str
    parent: tuple[str, int] | None = None
    industry: str = ""
    duty: str = ""

    @property
    def code(self) -> str:
        """The organisation's code."""
        return organisation_code(self.place.code, self.number)

    @property
    def parent_code(self) -> str:
        """Code of the organisation above; empty at the root."""
        return organisation_code(*self.parent) if self.parent else ""


@dataclass(frozen=True)
class PersonSpec:
    """One person: user name, name, roles, division, and the organisation's code (may be empty)."""

    username: str
    name: str
    roles: tuple[str, ...]
    division_code: str
    org_code: str = ""
    is_integration: bool = False


def organisation_code(division_code: str, number: int) -> str:
    """A well-formed, deterministic organisation code for the ``number``-th organisation of a division."""
    first = f"12{division_code[:6]}{number:09d}"
    return first + check_character(first)


GOVERNMENT, BUREAU, SUPERVISION, COMMAND, DATA = 1, 2, 3, 4, 5
FIRST_DEPARTMENT = 11
CITY_DEPARTMENTS: tuple[tuple[str, str, str, str], ...] = (
    ("市政设施管理中心", "市政中心", "SZ", "市政公用设施的养护与抢修"),
    ("环境卫生管理中心", "环卫中心", "SR", "道路清扫、垃圾清运、公厕"),
    ("园林绿化管理中心", "园林中心", "YL", "公共绿地与行道树养护"),
    ("城市管理综合行政执法支队", "执法支队", "ZF", "市容秩序与违法建设查处"),
    ("排水有限公司", "排水公司", "PS", "雨水、污水管网与井盖"),
    ("水务供水有限公司", "供水公司", "GS", "供水管网与消火栓"),
    ("燃气有限公司", "燃气公司", "RQ", "燃气管网与调压设施"),
    ("城市照明有限公司", "照明公司", "ZM", "路灯与景观照明"),
    ("道路桥梁养护中心", "道桥中心", "QL", "城市道路与桥梁养护"),
    ("公共交通设施中心", "交通设施", "JT", "公交站亭与交通护栏"),
)
"""Name, short name, CL_INDUSTRY code and duty of the disposal departments of a city."""
DISTRICT_DEPARTMENTS: tuple[tuple[str, str, str, str], ...] = (
    ("市政养护所", "市政所", "SZ", "辖区市政设施养护"),
    ("环境卫生所", "环卫所", "SR", "辖区清扫保洁"),
    ("园林绿化所", "园林所", "YL", "辖区绿化养护"),
    ("综合行政执法大队", "执法大队", "ZF", "辖区市容秩序"),
)
"""The same for each district."""


def organisations(tier: Tier, place: Place, districts: list[Place]) -> list[OrganisationSpec]:
    """The organisations of an instance, parents before children."""
    if tier is Tier.NATIONAL:
        return _upper(place, "国家", "住房和城乡建设主管部门", "城市运行管理服务平台办公室")
    if tier is Tier.PROVINCIAL:
        return _upper(place, place.name, "住房和城乡建设厅", "城市运行管理服务中心")
    return [*_city(place), *(spec for district in districts for spec in _district(place, district))]


def _upper(place: Place, prefix: str, authority: str, centre: str) -> list[OrganisationSpec]:
    root = (place.code, BUREAU)
    return [
        OrganisationSpec(place, BUREAU, f"{prefix}{authority}", authority, "02"),
        OrganisationSpec(place, SUPERVISION, f"{prefix}{centre}", centre, "03", root, duty="联网监督、巡查、督办"),
        OrganisationSpec(place, COMMAND, f"{prefix}综合评价组", "综合评价组", "09", root, duty="综合评价"),
        OrganisationSpec(place, DATA, f"{prefix}数据管理处", "数据管理处", "02", root, duty="数据交换与应用维护"),
    ]


def _departments(
    place: Place, table: tuple[tuple[str, str, str, str], ...], parent: tuple[str, int]
) -> Iterator[OrganisationSpec]:
    for offset, (name, short, industry, duty) in enumerate(table):
        yield OrganisationSpec(
            place,
            FIRST_DEPARTMENT + offset,
            f"{place.name}{name}",
            f"{place.name.removesuffix('市').removesuffix('区')}{short}",
            "05",
            parent,
            industry,
            duty,
        )


def _city(place: Place) -> list[OrganisationSpec]:
    bureau = (place.code, BUREAU)
    return [
        OrganisationSpec(place, GOVERNMENT, f"{place.name}人民政府", "市政府", "01"),
        OrganisationSpec(
            place, BUREAU, f"{place.name}城市管理局", "市城管局", "02", (place.code, GOVERNMENT), "ZF", "城市管理"
        ),
        OrganisationSpec(
            place, SUPERVISION, f"{place.name}城市管理监督中心", "监督中心", "03", bureau, duty="受理、立案、核查、结案"
        ),
        OrganisationSpec(
            place, COMMAND, f"{place.name}城市管理指挥中心", "指挥中心", "04", bureau, duty="派遣与督促处置"
        ),
        *_departments(place, CITY_DEPARTMENTS, bureau),
    ]


def _district(city: Place, place: Place) -> list[OrganisationSpec]:
    bureau = (place.code, BUREAU)
    name = f"{place.name}城市管理局"
    return [
        OrganisationSpec(place, BUREAU, name, name, "02", (city.code, BUREAU), "ZF", "辖区城市管理"),
        *_departments(place, DISTRICT_DEPARTMENTS, bureau),
    ]


def _numeral(number: int) -> str:
    """一号, 二号 … 十号, then plain digits."""
    return f"{NUMERALS[number - 1]}号" if number <= len(NUMERALS) else f"{number}号"


ADMINISTRATORS: tuple[tuple[str, str, str], ...] = (
    ("xitong", "系统管理员", "system_admin"),
    ("anquan", "安全管理员", "security_admin"),
    ("shenji", "审计管理员", "audit_admin"),
)
CITY_PEOPLE: tuple[tuple[str, str, tuple[str, ...], int], ...] = (
    ("jianguan", "城市监管员", ("duty_leader", "acceptor", "dispatcher", "department", "inspector"), SUPERVISION),
    ("zhiban", "值班长", ("duty_leader",), SUPERVISION),
    ("shouli", "受理员一号", ("acceptor",), SUPERVISION),
    ("shouli2", "受理员二号", ("acceptor",), SUPERVISION),
    ("shouli3", "受理员三号", ("acceptor",), SUPERVISION),
    ("paiqian", "派遣员一号", ("dispatcher",), COMMAND),
    ("paiqian2", "派遣员二号", ("dispatcher",), COMMAND),
    ("ducha", "督查员", ("inspector",), SUPERVISION),
    ("rexian", "热线话务员", ("hotline",), SUPERVISION),
    ("jiance", "监测值守员", ("monitor",), COMMAND),
    ("pingjia", "评价专员", ("evaluator",), BUREAU),
    ("shuju", "数据管理员", ("data_officer",), BUREAU),
    ("lingdao", "领导", ("leader",), BUREAU),
)
"""User name, name, roles and organisation number of the people of a city; collectors and departments come after."""
UPPER_PEOPLE: tuple[tuple[str, str, tuple[str, ...], int], ...] = (
    ("ducha", "督查员", ("supervisor", "analyst"), SUPERVISION),
    ("duban", "督办员", ("supervisor",), SUPERVISION),
    ("xuncha", "巡查员", ("patroller",), SUPERVISION),
    ("pingjia", "评价管理员", ("evaluation_manager",), COMMAND),
    ("zhuanjia", "评价专家", ("expert",), COMMAND),
    ("fenxi", "分析员", ("analyst",), DATA),
    ("bianji", "业务指导编辑", ("guidance_editor",), BUREAU),
    ("shenhe", "业务指导审核", ("guidance_reviewer",), BUREAU),
    ("lingdao", "领导", ("leader",), BUREAU),
)
"""The same for a province and the nation."""


def people(tier: Tier, place: Place, districts: list[Place]) -> list[PersonSpec]:
    """The people of an instance, the ones to begin with first."""
    is_city = tier is Tier.MUNICIPAL
    bureau = organisation_code(place.code, BUREAU)
    found = [
        PersonSpec(username, name, roles, place.code, organisation_code(place.code, number))
        for username, name, roles, number in (CITY_PEOPLE if is_city else UPPER_PEOPLE)
    ]
    found += [PersonSpec(username, name, (role,), place.code, bureau) for username, name, role in ADMINISTRATORS]
    role = "data_officer" if is_city else "analyst"
    found.append(PersonSpec("duijie", "对接系统", (role,), place.code, bureau, is_integration=True))
    if is_city:
        found += [*_collectors(place, districts), *_operators(place, districts)]
    return found


def _collectors(place: Place, districts: list[Place]) -> Iterator[PersonSpec]:
    """Two collectors for each district, who work for the supervision centre; two for a city without districts."""
    centre = organisation_code(place.code, SUPERVISION)
    for number, ground in enumerate([*districts, *districts] or [place, place], start=1):
        username = "caiji" if number == 1 else f"caiji{number}"
        yield PersonSpec(username, f"采集员{_numeral(number)}", ("collector",), ground.code, centre)


def _operators(place: Place, districts: list[Place]) -> Iterator[PersonSpec]:
    """One operator for each department: ``chuzhi`` with a number for the city's, with the district's digits else."""
    for offset, (_name, short, _industry, _duty) in enumerate(CITY_DEPARTMENTS):
        number = offset + 1
        yield PersonSpec(
            "chuzhi" if number == 1 else f"chuzhi{number}",
            f"{short}操作员",
            ("department",),
            place.code,
            organisation_code(place.code, FIRST_DEPARTMENT + offset),
        )
    for district in districts:
        bureau = organisation_code(district.code, BUREAU)
        yield PersonSpec(f"qu{district.code[:6]}", f"{district.name}操作员", ("department",), district.code, bureau)
        for offset, (_name, short, _industry, _duty) in enumerate(DISTRICT_DEPARTMENTS):
            code = organisation_code(district.code, FIRST_DEPARTMENT + offset)
            username = f"chuzhi{district.code[:6]}-{offset + 1}"
            yield PersonSpec(username, f"{district.name}{short}操作员", ("department",), district.code, code)
