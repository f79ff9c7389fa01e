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
    machines: bool = False
    """True where programs come that know no sign-in page: without a sign-in they get 401 as at the API."""
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
_REPORTER = ("reporters.view_reporter",)
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
    Row("clock-settings", CITY, ("grid.view_calendar",), holds="环节时限", says_alike=True),
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
    Row("case-photo", ALL, _CASE, about="media"),
    Row("case-thumbnail", ALL, _CASE, about="media"),
    # a photo that waits for its case is there for who took it alone, so nobody of the region need find it
    Row("loose-photo", ALL, ("grid.add_media",), about="loose_media", posts=True),
    Row("reporter-list", CITY, _REPORTER, lists="contact"),
    Row("reporter-detail", CITY, _REPORTER, about="case"),
    Row("reporter-open", CITY, (*_REPORTER, "reporters.open_reporter"), about="case", posts=True),
    Row("reporter-dispute", CITY, (*_REPORTER, "reporters.dispute_reporter"), about="case", posts=True),
    Row("contact-ask", CITY, (*_CASE, "reporters.ask_contact"), about="case", posts=True),
    Row("contact-answer", CITY, ("reporters.answer_contact",), about="contact", posts=True),
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
    Row("grid-areas", CITY, ("grid.change_unitgrid",), holds="区域类别", says_alike=True),
    Row("component-place-edit", CITY, ("grid.change_component",), about="component"),
    Row("component-new", CITY, ("grid.change_component",)),
    Row("component-states", CITY, ("grid.change_component_state",), posts=True),
    Row("inventory-completeness", ALL, ("grid.view_component",), holds="全部", says_alike=True),
    Row("inventory-check-list", CITY, ("grid.view_component",), lists="check"),
    Row("inventory-check-new", CITY, ("grid.raise_check",)),
    Row("inventory-check-detail", CITY, ("grid.view_component",), about="check"),
    Row("inventory-check-assign", CITY, ("grid.settle_check",), about="check", posts=True),
    Row("inventory-check-settle", CITY, ("grid.settle_check",), about="check", posts=True),
    Row("inventory-conversion-list", CITY, ("grid.view_codeconversion",), lists="conversion"),
    Row("inventory-conversion-try", CITY, ("grid.view_codeconversion", "grid.try_codeconversion"), posts=True),
    Row("inventory-conversion-detail", CITY, ("grid.view_codeconversion",), about="conversion"),
    Row("import-list", CITY, _IMPORT, lists="import"),
    Row("import-new", CITY, _IMPORT),
    Row("import-detail", CITY, _IMPORT, about="import"),
    Row("import-issues", CITY, _IMPORT, about="import"),
)
_PLACE = ("places.view_place",)
_MATCH = ("places.view_place", "places.match_place")
PLACES = (
    Row("place-list", CITY, _PLACE, lists="place"),
    Row("place-export", CITY, (*_PLACE, "places.export_place"), lists="place"),
    Row("place-new", CITY, (*_PLACE, "places.change_place")),
    Row("place-options", CITY, _PLACE, query="text=canary", holds="canary-place"),
    Row("place-near", CITY, _PLACE, query="longitude=120.005&latitude=30.005", holds="canary-place"),
    Row("place-detail", CITY, _PLACE, about="place"),
    Row("place-edit", CITY, (*_PLACE, "places.change_place"), about="place"),
    Row("place-retire", CITY, (*_PLACE, "places.change_place"), about="place", posts=True),
    Row("place-match-list", CITY, _MATCH, lists="match"),
    Row("place-match-detail", CITY, _MATCH, about="match"),
    Row("place-match-export", CITY, _MATCH, about="match"),
    Row("api:place-list", CITY, _PLACE, ("places.change_place",), lists="place"),
    Row("api:place-detail", CITY, _PLACE, ("places.change_place",), about="place"),
    Row("api:place-retire", CITY, ("places.change_place",), about="place", posts=True),
    Row("api:place-search", CITY, _PLACE, query="text=canary", holds="canary-place"),
    Row("api:place-reverse", CITY, _PLACE, query="lon=120.005&lat=30.005", holds="canary-place"),
    Row("api:place-match", CITY, ("places.match_place",), posts=True),
)
_DUTY_GRID = ("duty.view_dutygrid",)
_ROSTER = ("duty.view_roster",)
_COVERAGE = ("duty.view_coverage",)
_DUTY_EXPORT = "duty.export_duty"
_CHANGE_GRID = ("duty.change_dutygrid",)
_CHANGE_ROSTER = ("duty.change_roster",)
_CHANGE_PLAN = ("duty.change_plan",)
DUTY = (
    Row("duty-board", CITY, (*_ROSTER, *_COVERAGE), lists="duty_grid"),
    Row("duty-grid-list", CITY, _DUTY_GRID, lists="duty_grid"),
    Row("duty-grid-export", CITY, (*_DUTY_GRID, _DUTY_EXPORT), lists="duty_grid"),
    Row("duty-grid-new", CITY, _CHANGE_GRID),
    Row("duty-grid-detail", CITY, _DUTY_GRID, about="duty_grid"),
    Row("duty-grid-edit", CITY, _CHANGE_GRID, about="duty_grid"),
    Row("duty-grid-retire", CITY, _CHANGE_GRID, about="duty_grid", posts=True),
    Row("duty-evaluation-list", CITY, _DUTY_GRID, lists="evaluation_grid"),
    Row("duty-evaluation-new", CITY, _CHANGE_GRID),
    Row("duty-evaluation-retire", CITY, _CHANGE_GRID, about="evaluation_grid", posts=True),
    Row("duty-shift-list", CITY, _ROSTER, holds="canary-shift", says_alike=True),
    Row("duty-shift-new", CITY, _CHANGE_ROSTER),
    Row("duty-shift-edit", CITY, _CHANGE_ROSTER, about="shift", says_alike=True),
    Row("duty-shift-retire", CITY, _CHANGE_ROSTER, about="shift", says_alike=True, posts=True),
    Row("duty-roster", CITY, _ROSTER, lists="duty_grid"),
    Row("duty-roster-export", CITY, (*_ROSTER, _DUTY_EXPORT), lists="duty_grid"),
    Row("duty-planning", CITY, _CHANGE_ROSTER, holds='name="monday"', says_alike=True),
    Row("duty-day", CITY, _ROSTER, about="duty_day"),
    Row("duty-substitute", CITY, _CHANGE_ROSTER, about="duty_entry", posts=True),
    Row("duty-remove", CITY, _CHANGE_ROSTER, about="duty_entry", posts=True),
    Row("duty-coverage", CITY, _COVERAGE, lists="duty_grid"),
    Row("duty-coverage-export", CITY, (*_COVERAGE, _DUTY_EXPORT), lists="duty_grid"),
    Row("duty-plan-list", CITY, _COVERAGE, lists="patrol_plan"),
    Row("duty-plan-new", CITY, _CHANGE_PLAN),
    Row("duty-plan-detail", CITY, _COVERAGE, about="patrol_plan"),
    Row("duty-plan-edit", CITY, _CHANGE_PLAN, about="patrol_plan"),
    Row("duty-plan-end", CITY, _CHANGE_PLAN, about="patrol_plan", posts=True),
    Row("api:duty-grid-list", CITY, _DUTY_GRID, _CHANGE_GRID, lists="duty_grid"),
    Row("api:duty-grid-detail", CITY, _DUTY_GRID, about="duty_grid"),
    Row("api:duty-evaluation-list", CITY, _DUTY_GRID, lists="evaluation_grid"),
    Row("api:duty-assignment-list", CITY, _ROSTER, _CHANGE_ROSTER, lists="duty_grid"),
    Row("api:duty-own", CITY, _ROSTER, holds="patrol_area", says_alike=True),
    Row("api:duty-visit", CITY, ("duty.make_visit",), posts=True),
    Row("api:duty-coverage", CITY, _COVERAGE, lists="duty_grid"),
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
    Row("api:component-place-edit", CITY, ("grid.view_component",), ("grid.change_component",), about="component"),
    Row("api:component-changes", CITY, ("grid.view_component",), about="component"),
    Row("api:component-as-of", CITY, ("grid.view_component",), about="component", query="day=2026-06-01"),
    Row("api:component-new", CITY, ("grid.change_component",), posts=True),
    Row("api:component-states", CITY, ("grid.change_component_state",), posts=True),
    Row("api:inventory-completeness", ALL, ("grid.view_component",), holds="全部", says_alike=True),
    Row("api:inventory-check-list", CITY, ("grid.view_component",), ("grid.raise_check",), lists="check"),
    Row("api:inventory-check-detail", CITY, ("grid.view_component",), about="check"),
    Row("api:inventory-check-assign", CITY, ("grid.view_component",), ("grid.settle_check",), about="check"),
    Row("api:inventory-check-settle", CITY, ("grid.view_component",), ("grid.settle_check",), about="check"),
    Row("api:inventory-conversion-list", CITY, ("grid.view_codeconversion",), lists="conversion"),
    Row("api:inventory-conversion-detail", CITY, ("grid.view_codeconversion",), about="conversion"),
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
    Row("api:case-clock", ALL, _CASE, about="case"),
    Row("api:grid-areas", CITY, ("grid.change_unitgrid",), posts=True),
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
    Row("api:case-media", ALL, _CASE, about="case"),
    Row("api:media-new", CITY, ("grid.add_media",), posts=True),
    Row("api:case-act", CITY, _CASE, about="case_act", posts=True),
    Row("api:indicator-list", ALL, _FIGURE, holds="closing_rate", says_alike=True),
    Row("api:figure-list", ALL, _FIGURE, query="region={here}&period=2026", holds="on_time_closing_rate"),
    Row("api:figure-detail", ALL, _FIGURE, about="figure"),
    Row("api:figure-records", ALL, (*_FIGURE, *_CASE), about="figure", holds="{case}"),
)
_DUTY, _SOURCE, _ANSWER = ("intake.view_dutyrule",), ("intake.view_sourcerule",), ("intake.view_answer",)
INTAKE = (
    Row("intake-sources", CITY, _SOURCE, holds="暴露垃圾", says_alike=True),
    Row("intake-source-edit", CITY, ("intake.change_sourcerule",), about="source", says_alike=True),
    Row("intake-similarity", CITY, ("intake.change_sourcerule",), posts=True),
    Row(
        "intake-classes", CITY, ("grid.register_case",), query="class_words=暴露垃圾", holds="暴露垃圾", says_alike=True
    ),
    Row("intake-similar", CITY, ("grid.register_case",), query="longitude=120.005&latitude=30.005", holds="{case}"),
    Row("intake-similar-of", CITY, _CASE, about="case"),
    Row("intake-duties", CITY, _DUTY, holds="canary-duty", says_alike=True),
    Row("intake-duty-new", CITY, ("intake.change_dutyrule",)),
    Row("intake-duty-import", CITY, ("intake.change_dutyrule",), holds="责任表文件", says_alike=True),
    Row("intake-duty-edit", CITY, ("intake.change_dutyrule",), about="duty", says_alike=True),
    Row("intake-duty-delete", CITY, ("intake.change_dutyrule",), about="duty", says_alike=True, posts=True),
    Row("intake-answers", CITY, _ANSWER, lists="answer"),
    Row("intake-answer", CITY, _ANSWER, about="answer"),
    Row("intake-answer-tell", CITY, (*_ANSWER, "intake.tell_answer"), about="answer", posts=True),
    Row("intake-answer-visit", CITY, (*_ANSWER, "intake.tell_answer"), about="answer", posts=True),
    Row("api:intake-take", CITY, ("grid.register_case",), posts=True),
    Row("api:intake-source-list", CITY, _SOURCE, holds="verify_first", says_alike=True),
    Row("api:intake-source", CITY, _SOURCE, ("intake.change_sourcerule",), about="source", says_alike=True),
    Row("api:intake-similarity", CITY, _SOURCE, ("intake.change_sourcerule",), holds="metres", says_alike=True),
    Row("api:intake-similar", CITY, ("grid.register_case",), query="longitude=120.005&latitude=30.005", holds="{case}"),
    Row("api:intake-classes", CITY, ("grid.register_case",), query="text=暴露垃圾", holds="暴露垃圾", says_alike=True),
    Row("api:intake-duty-list", CITY, _DUTY, ("intake.change_dutyrule",), holds="canary-duty", says_alike=True),
    Row("api:intake-duty-coverage", CITY, _DUTY, holds="missing", says_alike=True),
    Row("api:intake-answer-list", CITY, _ANSWER, lists="answer"),
    Row("api:intake-answer-tell", CITY, ("intake.tell_answer",), about="answer", posts=True),
    Row("api:intake-answer-visit", CITY, ("intake.tell_answer",), about="answer", posts=True),
    Row("api:case-suggestions", CITY, _CASE, about="case"),
)
_OGC = {"machines": True}
INTERFACES = (
    Row("interfaces", CITY, ("interfaces.view_interface",), holds="/ogc/v1/", says_alike=True),
    Row("ogc-landing", ALL, holds="conformance", says_alike=True, **_OGC),
    Row("ogc-conformance", ALL, holds="geojson", says_alike=True, **_OGC),
    Row("ogc-api", ALL, holds="openapi", says_alike=True, **_OGC),
    Row("ogc-collections", ALL, holds="unit-grids", says_alike=True, **_OGC),
    Row("ogc-unknown", ALL, about="nothing", says_alike=True, **_OGC),
    Row("ogc-unit-grids", ALL, ("grid.view_unitgrid",), holds="storageCrs", says_alike=True, **_OGC),
    Row("ogc-unit-grids-items", ALL, ("grid.view_unitgrid",), lists="grid", **_OGC),
    Row("ogc-unit-grids-item", ALL, ("grid.view_unitgrid",), about="grid", **_OGC),
    Row("ogc-components", ALL, ("grid.view_component",), holds="storageCrs", says_alike=True, **_OGC),
    Row("ogc-components-items", ALL, ("grid.view_component",), lists="component", **_OGC),
    Row("ogc-components-item", ALL, ("grid.view_component",), about="component", **_OGC),
    Row("ogc-cases", ALL, _CASE, holds="storageCrs", says_alike=True, **_OGC),
    Row("ogc-cases-items", ALL, _CASE, lists="case", **_OGC),
    Row("ogc-cases-item", ALL, _CASE, about="case", **_OGC),
    Row("open311-discovery", CITY, PUBLIC, about="form", says_alike=True),
    Row("open311-services", CITY, PUBLIC, about="form", says_alike=True),
    Row("open311-service", CITY, PUBLIC, about="service", says_alike=True),
    Row("open311-requests", CITY, PUBLIC, about="form", says_alike=True),
    Row("open311-request", CITY, PUBLIC, about="request", says_alike=True),
    Row("open311-token", CITY, PUBLIC, about="request_token", says_alike=True),
    Row("open311-unknown", CITY, PUBLIC, about="nothing", says_alike=True),
)
ROWS: tuple[Row, ...] = (
    *DOOR,
    *PEERS,
    *DICTIONARIES,
    *CASES,
    *GROUND,
    *PLACES,
    *DUTY,
    *INTAKE,
    *EXCHANGE,
    *FIGURES,
    *PERFORMANCE,
    *MAINTENANCE,
    *API,
    *INTERFACES,
)
BY_NAME = {row.name: row for row in ROWS}
