"""Import of a history of cases 历史案件 from another system: times and deadlines stay as they were.

A case is located to its unit grid by its point; one that lies in no grid is kept, with an empty grid code, and told.
Steps are made from the times that the other system kept (report, accept, file, dispatch, dispose, check, close).
"""

import datetime as dt
from contextlib import suppress

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.models import Case, ImportRun
from grid.rules.codes import CURRENT
from grid.services.imports import checks, deadlines
from grid.services.imports.history import DIVISION, INSERT_CASES, INSERT_STEPS
from grid.services.imports.mapping import Mapping
from grid.services.imports.places import City, locate
from grid.services.imports.recipe import PLACE_FIELDS, Recipe
from grid.services.imports.staging import GOOD, STAGE, Stage, execute, rows
from grid.services.imports.values import Field
from grid.services.numbers import city_digits, raise_numbers
from grid.services.reporters import reporter_id
from grid.services.statistics import compile_statistics

ORDER = ("reported_at", "accepted_at", "filed_at", "dispatched_at", "disposed_at", "checked_at", "closed_at")
"""Times of a case in the order in which they pass; one may be missing, two may be equal."""
ORDERS = (ORDER, ("reported_at", "accepted_at", "rejected_at"))
_TIMES = ", ".join((*ORDER, "rejected_at", "dispose_deadline", "close_deadline"))
_TOUCHED = f"SELECT min(least({_TIMES})), max(greatest({_TIMES})) FROM {GOOD} AS s"
"""The span of all days on which a case of the file counts."""
LAST_SEQUENCE = 9_000_000_000
"""A case number of the city's own form ends in no more than this, so that registration can count on after it."""
OWN_NUMBER = "s.case_no ~ '^[0-9]{24}$'"


def who(value: str, mapping: Mapping) -> str:
    """Who reported, hashed before it is stored; only staff numbers, where every row is a collector's, stay readable."""
    return reporter_id(mapping.constants.get("reporter_type", ""), value)


class CaseRecipe(Recipe):
    """Cases of another system."""

    kind = ImportRun.Kind.CASES
    key = "case_no"
    dataset = "GL01"
    given = (
        "case_no",
        "state",
        "class_code",
        "description",
        "address",
        "reported_at",
        "accepted_at",
        "filed_at",
        "rejected_at",
        "dispatched_at",
        "disposed_at",
        "checked_at",
        "closed_at",
        "dispose_deadline",
        "close_deadline",
        "kind",
        "std_ref",
        "ext_class",
        "matter_name",
        "task_no",
        "component_id",
        "dept_code1",
        "dept_name1",
        "duty_org",
        "source",
        "source_no",
        "reporter_type",
        "reject_reason",
        "filing_condition",
        "limit_value",
        "limit_unit",
        "close_type",
        "rework_count",
        "return_count",
        "postpone_count",
        "is_hung",
        "is_supervised",
        "urgency",
        "satisfaction",
    )
    filled = frozenset(
        ("kind", "std_ref", "matter_name", "source", "reporter_type", "is_hung", "is_supervised", "urgency")
    ) | {"rework_count", "return_count", "postpone_count"}
    cut = frozenset({"description", "address", "matter_name"})
    extra = (
        Field("reporter_id", "text", who),
        *PLACE_FIELDS,
    )
    options = {"margin_m": 200.0, "fill_deadlines": True}
    """``margin_m``: how far outside the city's outline a case may lie and still be kept, as coordinates of a history
    are rounded. ``fill_deadlines``: count a missing deadline by the disposal rule; one that is given always stays."""

    def check(self, stage: Stage) -> None:
        """Numbers, classes, times that can be true, and the place."""
        city = City()
        checks.fill("std_ref", f"'{CURRENT}'")
        checks.fill("kind", "'2'")
        checks.no_duplicates(stage)
        self._numbers(stage)
        stage.flag(
            "already_there",
            f"SELECT s.row_no, '' AS shown FROM {STAGE} AS s JOIN grid_case AS c USING (case_no)",
            checks.saying(_("该案件号已存在。"), _("已有案件不会被覆盖；请删去该行，或改正案件号。")),
            field="case_no",
        )
        checks.known_classes(stage, "s.class_code", "s.kind")
        self._times(stage)
        checks.inside_city(stage, city, margin_m=float(self.settings["margin_m"]))
        locate()
        city_code = settings.CITYOPS_REGION
        checks.inside_scope(
            stage,
            f"SELECT s.row_no, {DIVISION} AS code FROM {GOOD} AS s LEFT JOIN import_place AS p USING (row_no)",
            params=[city_code, city_code],
        )
        self.summary["in_no_grid"] = stage.flag(
            "no_grid",
            f"SELECT s.row_no, '' AS shown FROM {GOOD} AS s LEFT JOIN import_place AS p USING (row_no) "
            "WHERE p.row_no IS NULL",
            checks.saying(_("坐标不在任何单元网格内；案件已保留并标记。"), _("请补画该处的网格，或核对坐标。")),
            field="geom",
            is_fatal=False,
        )

    @staticmethod
    def _numbers(stage: Stage) -> None:
        """A case number is one in the whole country: it begins with the city's digits, and leaves room for the next."""
        city = city_digits()
        stage.flag(
            "foreign_number",
            f"SELECT s.row_no, s.case_no AS shown FROM {STAGE} AS s WHERE s.case_no NOT LIKE %s::text",
            checks.saying(
                _("案件号 %(shown)s 不以本市的六位代码 %(city)s 开头。").replace("%(city)s", city),
                _('请在映射文件的 [templates] 中写 case_no = "%(city)s{列名}"，以免与其他城市重号。').replace(
                    "%(city)s", city
                ),
            ),
            field="case_no",
            params=[f"{city}%"],
        )
        stage.flag(
            "number_too_high",
            f"SELECT s.row_no, s.case_no AS shown FROM {STAGE} AS s WHERE {OWN_NUMBER} "
            f"AND right(s.case_no, 10)::bigint > {LAST_SEQUENCE}",
            checks.saying(
                _("案件号 %(shown)s 的顺序号过大，当日新案件将无号可用。"),
                _("24 位案件号的末 10 位为当日顺序号，请改正，或改用其他位数的编号。"),
            ),
            field="case_no",
        )

    @staticmethod
    def _times(stage: Stage) -> None:
        closed = "s.state IN ('80', '81')"
        stage.flag(
            "closed_has_time",
            f"SELECT s.row_no, '' AS shown FROM {STAGE} AS s WHERE {closed} <> (s.closed_at IS NOT NULL)",
            checks.saying(_("状态与结案时间不一致。"), _("已结案件须有结案时间，未结案件不得有。")),
            field="closed_at",
        )
        stage.flag(
            "closed_after_report",
            f"SELECT s.row_no, s.closed_at::text AS shown FROM {STAGE} AS s WHERE s.closed_at < s.reported_at",
            checks.saying(_("结案时间 %(shown)s 早于上报时间。"), _("请核对时间和来源时区(映射文件的 time_zone)。")),
            field="closed_at",
        )
        latest = f"greatest({', '.join(f's.{name}' for order in ORDERS for name in order)})"
        stage.flag(
            "in_future",
            f"SELECT s.row_no, {latest}::text AS shown FROM {STAGE} AS s WHERE {latest} > now() + interval '1 day'",
            checks.saying(_("时间 %(shown)s 在未来。"), _("请核对时间和来源时区(映射文件的 time_zone)。")),
            field="reported_at",
        )
        _in_order(stage)

    def apply(self, stage: Stage) -> int:
        """Write the cases, then their steps; count their days, and let registration go on after their numbers."""
        if self.settings["fill_deadlines"]:
            self.summary["deadlines_filled"] = deadlines.fill()
        taken = execute(INSERT_CASES, [settings.CITYOPS_NODE, settings.CITYOPS_REGION, settings.CITYOPS_REGION])
        # A plan kept from when the table was small would look each step's case up by reading all cases.
        execute("ANALYZE grid_case")
        self.summary["steps_written"] = execute(INSERT_STEPS, [settings.CITYOPS_NODE, _("由原系统记录的时间生成")])
        execute("ANALYZE grid_casestep")
        raise_numbers(_last_numbers())
        self.summary["days_counted"] = _count_days()
        return taken


def _last_numbers() -> dict[dt.date, int]:
    """The highest sequence of each day among the numbers of the city's own form."""
    found: dict[dt.date, int] = {}
    highest = "substr(s.case_no, 7, 8), max(right(s.case_no, 10)::bigint)"
    for day, last in rows(f"SELECT {highest} FROM {GOOD} AS s WHERE {OWN_NUMBER} GROUP BY 1"):
        with suppress(ValueError):  # eight digits that are no day
            found[dt.datetime.strptime(day, "%Y%m%d").date()] = last  # noqa: DTZ007 (a day has no zone)
    return found


def _count_days() -> int:
    """Compile the daily statistic of the days that the history touches; returns how many rows changed."""
    first, last = rows(_TOUCHED)[0]
    if first is None:
        return 0
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    return compile_statistics(timezone.localdate(first), min(timezone.localdate(last), yesterday))


def _in_order(stage: Stage) -> None:
    """No time of a case comes before one that must have passed."""
    for order in ORDERS:
        for place, name in enumerate(order[1:], 1):
            before = f"greatest({', '.join(f's.{earlier}' for earlier in order[:place])})"
            title = str(Case._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            stage.flag(
                "wrong_order",
                f"SELECT s.row_no, s.{name}::text AS shown FROM {STAGE} AS s WHERE s.{name} < {before}",
                checks.saying(
                    _("%(name)s %(shown)s 早于其前的环节时间。").replace("%(name)s", title),
                    _("请核对各环节的时间和来源时区(映射文件的 time_zone)。"),
                ),
                field=name,
            )
