"""Import of a history of cases 历史案件 from another system: times and deadlines stay as they were.

A case is located to its unit grid by its point; one that lies in no grid is kept, with an empty grid code, and told.
Steps are made from the times that the other system kept (report, accept, file, dispatch, dispose, check, close).
"""

from django.conf import settings
from django.utils.translation import gettext as _

from grid.models import ImportRun
from grid.rules.codes import CURRENT
from grid.services.imports import checks, deadlines
from grid.services.imports.history import INSERT_CASES, INSERT_STEPS
from grid.services.imports.mapping import Mapping
from grid.services.imports.places import City, locate
from grid.services.imports.recipe import PLACE_FIELDS, Recipe
from grid.services.imports.staging import GOOD, STAGE, Stage, execute
from grid.services.imports.values import Field
from grid.services.reporters import reporter_id


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
        self.summary["in_no_grid"] = stage.flag(
            "no_grid",
            f"SELECT s.row_no, '' AS shown FROM {GOOD} AS s LEFT JOIN import_place AS p USING (row_no) "
            "WHERE p.row_no IS NULL",
            checks.saying(_("坐标不在任何单元网格内；案件已保留并标记。"), _("请补画该处的网格，或核对坐标。")),
            field="geom",
            is_fatal=False,
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
        stage.flag(
            "in_future",
            f"SELECT s.row_no, greatest(s.reported_at, s.closed_at)::text AS shown FROM {STAGE} AS s "
            "WHERE greatest(s.reported_at, s.closed_at) > now() + interval '1 day'",
            checks.saying(_("时间 %(shown)s 在未来。"), _("请核对时间和来源时区(映射文件的 time_zone)。")),
            field="reported_at",
        )

    def apply(self, stage: Stage) -> int:
        """Write the cases, then their steps."""
        if self.settings["fill_deadlines"]:
            self.summary["deadlines_filled"] = deadlines.fill()
        taken = execute(INSERT_CASES, [settings.CITYOPS_NODE, settings.CITYOPS_REGION, settings.CITYOPS_REGION])
        # A plan kept from when the table was small would look each step's case up by reading all cases.
        execute("ANALYZE grid_case")
        self.summary["steps_written"] = execute(INSERT_STEPS, [settings.CITYOPS_NODE, _("由原系统记录的时间生成")])
        execute("ANALYZE grid_casestep")
        return taken
