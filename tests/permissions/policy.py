"""Who may reach what: one row for every route. A route without a row fails the matrix, and so does a row without one.

To add a route, add its row: the permissions that reading needs, those that writing needs, the tiers that have it
(``n`` nation, ``p`` province, ``m`` city), and what it is about, where that lies in a region.
"""

from dataclasses import dataclass

ALL, UPPER, CITY = "npm", "np", "m"
PUBLIC = None
"""Open without sign-in."""


@dataclass(frozen=True)
class Row:
    """One route.

    ``needs``: permissions for reading; ``()`` for anybody who is signed in, PUBLIC for everybody.
    ``writes``: permissions for writing where they differ.
    ``about``: the one thing in the address; it exists for who is responsible for its region, and is 404 for others.
    ``lists``: the things it lists; each person gets the own region's only.
    ``posts``: True where it only takes POST, so that a GET is 405 for those who may.
    ``peers``: for other nodes, who come with a signature instead of a sign-in.
    """

    name: str
    tiers: str
    needs: tuple[str, ...] | None = ()
    writes: tuple[str, ...] = ()
    about: str = ""
    lists: str = ""
    query: str = ""
    posts: bool = False
    peers: bool = False
    holds: str = ""
    """A text that is there for who is responsible and, unless ``says_alike``, for nobody else; or the name of one:
    ``{case}``, ``{grid}`` … of ``World.texts``. Rows with ``lists`` hold the thing's own text by themselves."""
    says_alike: bool = False
    """True where it answers for every region alike (a dictionary, a form), though its address names a thing."""


_FIGURE = ("evaluation.view_figure",)
_CASE = ("grid.view_case",)
_WORKFLOW = ("grid.view_workflow",)
_STANDARD = ("standard.view_dictionaryversion",)
_PEOPLE = ("accounts.view_person",)
_IMPORT = ("grid.import_data",)
_DIVISION = ("regions.view_division",)

DOOR = (
    Row("healthz", ALL, PUBLIC),
    Row("readyz", ALL, PUBLIC),
    Row("metrics", ALL, PUBLIC),
    Row("sign-in", ALL, PUBLIC),
    Row("sign-out", ALL, PUBLIC, posts=True),
    Row("set-language", ALL, PUBLIC, posts=True),
    Row("account", ALL),
    Row("account-sessions", ALL, posts=True),
    Row("password-change", ALL),
    Row("home", ALL),
)
PEERS = (
    Row("peer-join", ALL, PUBLIC, posts=True, peers=True),
    Row("peer-hello", ALL, PUBLIC, posts=True, peers=True),
    Row("peer-push", ALL, PUBLIC, posts=True, peers=True),
    Row("peer-pull", ALL, PUBLIC, posts=True, peers=True),
    Row("peer-notes", ALL, PUBLIC, posts=True, peers=True),
    Row("peer-compare", ALL, PUBLIC, posts=True, peers=True),
)
DICTIONARIES = (
    Row("division-list", ALL, _DIVISION, holds="测试市", says_alike=True),
    Row("division-detail", ALL, _DIVISION, about="division", says_alike=True),
    Row("standard-index", ALL, _STANDARD, holds="GL01", says_alike=True),
    Row("standard-export", ALL, _STANDARD, query="dataset=GL01", holds="GL01", says_alike=True),
    Row("dataset-detail", ALL, _STANDARD, about="dataset", says_alike=True),
    Row("dataset-template", ALL, _STANDARD, about="dataset", says_alike=True),
    Row("dataset-schema", ALL, _STANDARD, about="dataset", says_alike=True),
    Row("code-list-detail", ALL, _STANDARD, about="code_list", says_alike=True),
    Row("class-list", ALL, _STANDARD, holds="暴露垃圾", says_alike=True),
    Row("class-export", ALL, _STANDARD, holds="暴露垃圾", says_alike=True),
    Row("rule-list", ALL, _STANDARD, holds="立案条件1", says_alike=True),
    Row("rule-export", ALL, _STANDARD, holds="立案条件1", says_alike=True),
    Row("rule-new", ALL, ("standard.change_disposalrule",)),
    Row("rule-edit", ALL, ("standard.change_disposalrule",), about="rule", says_alike=True),
)
CASES = (
    Row("case-list", ALL, _CASE, lists="case"),
    Row("case-export", ALL, (*_CASE, "grid.export_case"), lists="case"),
    Row("search", ALL),
    Row("case-detail", ALL, _CASE, about="case"),
    Row("wall", CITY, (*_CASE, *_FIGURE), holds="区划330102"),
    Row("tile", ALL, about="tile"),
    Row("case-register", CITY, ("grid.register_case",)),
    Row(
        "case-class-search",
        CITY,
        ("grid.register_case",),
        query="class_words=垃圾",
        holds="暴露垃圾",
        says_alike=True,
    ),
    Row(
        "case-place",
        CITY,
        ("grid.register_case",),
        query="longitude=120.005&latitude=30.005",
        holds="{case}",
    ),
    Row("calendar", CITY, ("grid.view_calendar",), query="year=2026", holds="2026", says_alike=True),
    Row("case-act", CITY, _CASE, about="case_act", posts=True),
    Row("ledger-list", CITY, _CASE, lists="application"),
    Row("ledger-export", CITY, (*_CASE, "grid.export_case"), lists="application"),
    Row("supervision-list", CITY, _CASE, lists="supervision"),
    Row("supervision-export", CITY, (*_CASE, "grid.export_case"), lists="supervision"),
    Row("workflow-list", CITY, _WORKFLOW, holds="canary-workflow", says_alike=True),
    Row("workflow-new", CITY, ("grid.change_workflow",)),
    Row("workflow-detail", CITY, _WORKFLOW, about="workflow", says_alike=True),
    Row("workflow-rehearse", CITY, ("grid.change_workflow",), about="workflow", posts=True, says_alike=True),
    Row("workflow-activate", CITY, ("grid.change_workflow",), about="workflow", posts=True, says_alike=True),
)
GROUND = (
    Row("grid-list", ALL, ("grid.view_unitgrid",), lists="grid"),
    Row("grid-export", ALL, ("grid.view_unitgrid", "grid.export_ground"), lists="grid"),
    Row("grid-detail", ALL, ("grid.view_unitgrid",), about="grid"),
    Row("component-list", ALL, ("grid.view_component",), lists="component"),
    Row("component-export", ALL, ("grid.view_component", "grid.export_ground"), lists="component"),
    Row("component-detail", ALL, ("grid.view_component",), about="component"),
    Row("component-edit", CITY, ("grid.change_component",), about="component"),
    Row("component-state", CITY, ("grid.change_component_state",), about="component", posts=True),
    Row("import-list", CITY, _IMPORT, lists="import"),
    Row("import-new", CITY, _IMPORT),
    Row("import-detail", CITY, _IMPORT, about="import"),
    Row("import-issues", CITY, _IMPORT, about="import"),
)
_LINK = ("exchange.view_link",)
EXCHANGE = (
    Row("exchange-overview", ALL, _LINK, holds="{link}"),
    Row("exchange-link", ALL, _LINK, about="link"),
    Row("exchange-compare", ALL, (*_LINK, "exchange.compare_link"), about="link", posts=True),
    Row("exchange-thaw", ALL, ("exchange.thaw_link",), about="link", posts=True),
    Row("exchange-records", ALL, _LINK, about="held"),
    Row("exchange-parked", ALL, _LINK, lists="parked"),
    Row("exchange-parked-export", ALL, _LINK, lists="parked"),
    Row("exchange-retry", ALL, (*_LINK, "exchange.retry_parked"), about="parked", posts=True),
    Row("exchange-enrolments", ALL, _LINK),
    Row("exchange-approve", ALL, ("exchange.approve_join",), about="link", posts=True),
    Row("exchange-suspend", ALL, ("exchange.suspend_link",), about="link", posts=True),
    Row("exchange-retire", ALL, ("exchange.retire_link",), about="link", posts=True),
    Row("exchange-refuse", ALL, ("exchange.approve_join",), about="link", posts=True),
    Row("exchange-cancel", ALL, ("exchange.make_code",), about="link", posts=True),
    Row("exchange-code", ALL, ("exchange.make_code",), posts=True),
    Row("api:exchange-link-list", ALL, _LINK, lists="link"),
    Row("api:exchange-link", ALL, _LINK, about="link"),
    Row("api:exchange-dataset-list", ALL, _LINK, holds="{node_code}"),
    Row("api:exchange-parked-list", ALL, _LINK, lists="parked"),
)
FIGURES = (
    Row("figure-list", ALL, _FIGURE, query="region={here}&period=2026", holds="按期结案率"),
    Row("figure-detail", ALL, _FIGURE, about="figure"),
    Row("figure-records", ALL, (*_FIGURE, *_CASE), about="figure", holds="{case}"),
    Row("figure-export", ALL, ("evaluation.export_figure", *_CASE), about="figure", holds="{case}"),
    Row("city-list", UPPER, _FIGURE, holds="区划330102"),
    Row("city-detail", UPPER, _FIGURE, about="city", holds="测试市"),
)
_STATEMENT = ("performance.view_statement",)
_AREA = "object=area&region={here}&period=2026"
_CASES = f"{_AREA}&count=register_num"
PERFORMANCE = (
    Row("performance-statement", ALL, _STATEMENT, query=_AREA, holds="{part}"),
    Row("performance-object", ALL, _STATEMENT, about="performance", query="region={here}&period=2026"),
    Row("performance-cases", ALL, (*_STATEMENT, *_CASE), query=_CASES, holds="{case}"),
    Row(
        "performance-cases-export",
        ALL,
        (*_STATEMENT, *_CASE, "performance.export_statement"),
        query=_CASES,
        holds="{case}",
    ),
    Row("performance-snapshots", ALL, _STATEMENT, lists="snapshot"),
    Row("performance-freeze", ALL, (*_STATEMENT, "performance.freeze_snapshot"), posts=True),
    Row("performance-snapshot", ALL, _STATEMENT, about="snapshot"),
    Row("performance-correct", ALL, (*_STATEMENT, "performance.freeze_snapshot"), about="snapshot", posts=True),
    Row("performance-object-to", ALL, (*_STATEMENT, "performance.raise_objection"), posts=True, about="snapshot_row"),
    Row("performance-answer", ALL, (*_STATEMENT, "performance.answer_objection"), posts=True, about="objection"),
    Row("performance-results", ALL, _STATEMENT, lists="result"),
    Row("performance-formulas", ALL, _STATEMENT, holds="sample-2026.1", says_alike=True),
    Row("performance-formula-compare", ALL, _STATEMENT, holds="sample-2026.1", says_alike=True),
    Row("performance-formula-load", ALL, (*_STATEMENT, "performance.load_formulas"), posts=True),
    Row("performance-formula", ALL, _STATEMENT, about="formulas", says_alike=True),
    Row("performance-reports", ALL, _STATEMENT, lists="report"),
    Row("performance-report-file", ALL, _STATEMENT, about="report"),
    Row("api:performance-statement", ALL, _STATEMENT, about="statement"),
    Row("api:performance-formulas", ALL, _STATEMENT, holds="sample-2026.1", says_alike=True),
    Row("api:performance-formula", ALL, _STATEMENT, about="formulas", says_alike=True),
    Row("api:performance-results", ALL, _STATEMENT, lists="result"),
    Row("api:performance-snapshots", ALL, _STATEMENT, lists="snapshot"),
    Row("api:performance-snapshot", ALL, _STATEMENT, about="snapshot"),
)
MAINTENANCE = (
    Row("maintenance", ALL),
    Row("organisation-list", ALL, ("accounts.view_organisation",), lists="organisation"),
    Row("organisation-new", ALL, ("accounts.change_organisation",)),
    Row("organisation-detail", ALL, ("accounts.view_organisation",), about="organisation"),
    Row("organisation-edit", ALL, ("accounts.change_organisation",), about="organisation"),
    Row("person-list", ALL, _PEOPLE, lists="person"),
    Row("person-new", ALL, (*_PEOPLE, "accounts.change_person")),
    Row("person-detail", ALL, _PEOPLE, about="person"),
    Row("person-edit", ALL, (*_PEOPLE, "accounts.change_person"), about="person"),
    Row("person-active", ALL, (*_PEOPLE, "accounts.change_person"), about="person"),
    Row("person-sessions", ALL, (*_PEOPLE, "accounts.change_person"), about="person"),
    Row("person-roles", ALL, ("accounts.assign_role",), about="person"),
    Row("person-password", ALL, _PEOPLE, about="person"),
    Row("person-unlock", ALL, ("accounts.unlock_person",), about="person"),
    Row("person-grant", ALL, ("accounts.grant_object",), about="person"),
    Row("person-grant-withdraw", ALL, ("accounts.grant_object",), about="grant"),
    Row("role-list", ALL, ("accounts.view_role",)),
    Row("role-new", ALL, ("accounts.change_role",)),
    Row("role-detail", ALL, ("accounts.view_role",), about="role", says_alike=True),
    Row("role-edit", ALL, ("accounts.change_role",), about="role", says_alike=True),
    Row("role-change", ALL, ("accounts.change_role",), about="own_role", says_alike=True),
    Row("role-delete", ALL, ("accounts.change_role",), about="own_role", says_alike=True),
    Row("grant-list", ALL, ("accounts.grant_object",), lists="grant"),
    Row("token-list", ALL, ("accounts.view_token",), lists="token"),
    Row("token-new", ALL, ("accounts.manage_token",)),
    Row("token-revoke", ALL, ("accounts.manage_token",), about="token"),
    Row("audit-list", ALL, ("maintenance.view_audit",), lists="audit", query="action=canary"),
    Row("audit-detail", ALL, ("maintenance.view_audit",), about="audit"),
    Row("node-list", ALL, ("maintenance.view_node",), lists="node"),
    Row("node-detail", ALL, ("maintenance.view_node",), about="node"),
    Row("node-edit", ALL, ("maintenance.view_node", "maintenance.change_node")),
)
API = (
    Row("api:root", ALL),
    Row("api:schema", ALL, PUBLIC),
    Row("api:docs", ALL, PUBLIC),
    Row("api:redoc", ALL, PUBLIC),
    Row("api:me", ALL),
    Row(
        "api:organisation-list",
        ALL,
        ("accounts.view_organisation",),
        ("accounts.change_organisation",),
        lists="organisation",
    ),
    Row(
        "api:organisation-detail",
        ALL,
        ("accounts.view_organisation",),
        ("accounts.change_organisation",),
        about="organisation",
    ),
    Row("api:person-list", ALL, _PEOPLE, lists="person"),
    Row("api:person-detail", ALL, _PEOPLE, about="person"),
    Row("api:node-list", ALL, ("maintenance.view_node",), lists="node"),
    Row("api:node-detail", ALL, ("maintenance.view_node",), about="node"),
    Row("api:city-list", UPPER, _FIGURE, holds="区划330102"),
    Row("api:grid-list", ALL, ("grid.view_unitgrid",), lists="grid"),
    Row("api:grid-detail", ALL, ("grid.view_unitgrid",), about="grid"),
    Row("api:component-list", ALL, ("grid.view_component",), lists="component"),
    Row("api:component-detail", ALL, ("grid.view_component",), about="component"),
    Row("api:component-edit", CITY, ("grid.view_component",), ("grid.change_component",), about="component"),
    Row(
        "api:component-state",
        CITY,
        ("grid.view_component",),
        ("grid.change_component_state",),
        about="component",
    ),
    Row("api:import-list", CITY, _IMPORT, lists="import"),
    Row("api:import-detail", CITY, _IMPORT, about="import"),
    Row("api:import-issues", CITY, _IMPORT, about="import"),
    Row("api:division-list", ALL, _DIVISION, holds="测试市", says_alike=True),
    Row("api:division-detail", ALL, _DIVISION, about="division", says_alike=True),
    Row("api:standard-versions", ALL, _STANDARD, holds="is_default", says_alike=True),
    Row("api:dataset-list", ALL, _STANDARD, holds="GL01", says_alike=True),
    Row("api:dataset-detail", ALL, _STANDARD, about="dataset", says_alike=True),
    Row("api:dataset-schema", ALL, _STANDARD, about="dataset", says_alike=True),
    Row("api:dataset-check", ALL, _STANDARD, about="dataset", says_alike=True, posts=True),
    Row("api:code-list-detail", ALL, _STANDARD, about="code_list", says_alike=True),
    Row("api:class-list", ALL, _STANDARD, holds="暴露垃圾", says_alike=True),
    Row("api:rule-list", ALL, _STANDARD, holds="立案条件1", says_alike=True),
    Row("api:case-list", ALL, _CASE, lists="case"),
    Row("api:case-detail", ALL, _CASE, about="case"),
    Row("api:calendar", CITY, ("grid.view_calendar",), query="year=2026", holds="stage_limits", says_alike=True),
    Row(
        "api:case-class-search",
        CITY,
        ("grid.register_case",),
        query="words=垃圾",
        holds="暴露垃圾",
        says_alike=True,
    ),
    Row("api:case-register", CITY, ("grid.register_case",), posts=True),
    Row("api:case-act", CITY, _CASE, about="case_act", posts=True),
    Row("api:indicator-list", ALL, _FIGURE, holds="closing_rate", says_alike=True),
    Row("api:figure-list", ALL, _FIGURE, query="region={here}&period=2026", holds="on_time_closing_rate"),
    Row("api:figure-detail", ALL, _FIGURE, about="figure"),
    Row("api:figure-records", ALL, (*_FIGURE, *_CASE), about="figure", holds="{case}"),
)
ROWS: tuple[Row, ...] = (
    *DOOR,
    *PEERS,
    *DICTIONARIES,
    *CASES,
    *GROUND,
    *EXCHANGE,
    *FIGURES,
    *PERFORMANCE,
    *MAINTENANCE,
    *API,
)
BY_NAME = {row.name: row for row in ROWS}
