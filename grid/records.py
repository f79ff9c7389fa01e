"""What the grid sends upward: unit grids, components, cases with steps and photos' facts, daily counts.

These are JC04, JC07, GL01 (with GL02 and GL03 inside it) and GL04.

A column that is not named here never leaves the city: who operated a step (``operator_id``), the coordinate system a
survey came in (``source_crs``), the pictures themselves, the device that took them and who uploaded them.
``reporter_id`` does travel, and tells nobody who reported: for the public it is a keyed hash made before it is stored
(``grid.services.reporters``), for a collector the staff number. Free text leaves without telephone numbers, numbers of
identity cards and plates (``sync.exchange.rules.masking``).

Steps follow GL02 as far as they have its fields; histories of other systems often do not know the office of a step, so
it is not asked for. The checks refuse only what can never be true. A deadline before the opening is not among them:
such histories hold such rows, and an imported deadline stays as it is.
"""

from cityops.foundation import derived, mending
from cityops.foundation.records import ChildRows, Lane, RecordKind, registry
from grid.models import Case, CaseDailyStatistic, CaseMedia, CaseStep, Component, UnitGrid
from grid.selectors.statistics import differing_days
from sync.standard.files import shipped_catalogue


def _same(*names: str, **renamed: str) -> dict[str, str]:
    """Map dataset fields to columns of the same name, and the ``renamed`` ones (field=column)."""
    return {**{name: name for name in names}, **renamed}


def _states() -> str:
    """The codes of CL_CASESTATE as they came with the product, as an SQL list: read before a database is there."""
    catalogue = shipped_catalogue()
    return ", ".join(f"'{code}'" for code in catalogue.codes(catalogue.by_code["GL01"].by_name["state"]))


STATES = _states()
STATE_REMEDY = "A step leads from one state of a case to another: use the codes of CL_CASESTATE."

UNIT_GRID = registry.register(
    RecordKind(
        dataset="JC04",
        model=UnitGrid,
        fields=_same(
            "grid_code",
            "name",
            "division_code",
            "geom",
            "area_m2",
            "boundary_desc",
            "is_paved",
            "init_date",
            "change_date",
            "status",
            "note",
        ),
        checks=(
            (
                "grid_in_community",
                "left(grid_code, 12) <> division_code",
                "The first 12 digits of a grid code are the community it lies in.",
            ),
            ("grid_polygon", "NOT ST_IsValid(geom)", "Mend the polygon (import_grids --repair) and send it again."),
        ),
    )
)

COMPONENT = registry.register(
    RecordKind(
        dataset="JC07",
        model=Component,
        lane=Lane.BULK,
        fields=_same(
            "obj_id",
            "obj_name",
            "dept_code1",
            "dept_name1",
            "dept_code2",
            "dept_name2",
            "dept_code3",
            "dept_name3",
            "grid_code",
            "state",
            "init_date",
            "change_date",
            "data_source",
            "note",
            "street_code",
            "street_name",
            "community_name",
            "class_code",
            "std_ref",
            "geom",
            "precision_class",
            "extra",
            community_code="division_code",
        ),
        local=("picture",),
        free_text=frozenset({"note"}),
        checks=(
            (
                "component_in_county",
                "left(obj_id, 6) <> left(grid_code, 6)",
                "A component id begins with the six digits of the county its grid lies in.",
            ),
            (
                "component_class",
                "substr(obj_id, 7, length(class_code)) <> class_code",
                "The class in the id and class_code must be the same.",
            ),
        ),
    )
)

CASE = registry.register(
    RecordKind(
        dataset="GL01",
        model=Case,
        fields=_same(
            "case_no",
            "task_no",
            "kind",
            "std_ref",
            "matter_code",
            "class_code",
            "matter_name",
            "ext_class",
            "dept_code1",
            "dept_name1",
            "component_id",
            "source",
            "source_no",
            "description",
            "address",
            "geom",
            "grid_code",
            "division_code",
            "reporter_type",
            "reporter_id",
            "reported_at",
            "accepted_at",
            "rejected_at",
            "dispatched_at",
            "duty_org",
            "filing_condition",
            "deadline_class",
            "limit_value",
            "limit_unit",
            "dispose_deadline",
            "disposed_at",
            "checked_at",
            "close_deadline",
            "closed_at",
            "close_type",
            "state",
            "rework_count",
            "return_count",
            "postpone_count",
            "is_hung",
            "is_void",
            "urgency",
            "is_supervised",
            "satisfaction",
            "is_simulated",
            "updated_at",
            "version",
            registered_at="filed_at",
            not_register_reason="reject_reason",
        ),
        children=(
            ChildRows(
                name="steps",
                model=CaseStep,
                parent="case_id",
                fields=(
                    "seq",
                    "action",
                    "from_state",
                    "to_state",
                    "operator_role",
                    "operator_org",
                    "operated_at",
                    "deadline",
                    "opinion",
                ),
                order="seq",
                free_text=frozenset({"opinion"}),
                dataset="GL02",
                dataset_fields=_same("seq", "action", "operator_role", "operated_at"),
                checks=(
                    ("from_state", f"from_state <> '' AND from_state NOT IN ({STATES})", STATE_REMEDY),
                    ("to_state", f"to_state NOT IN ({STATES})", STATE_REMEDY),
                ),
            ),
            ChildRows(
                name="media",
                model=CaseMedia,
                parent="case_id",
                fields=(
                    "media_id",
                    "step_seq",
                    "stage",
                    "usage",
                    "media_type",
                    "taken_at",
                    "geom",
                    "distance_m",
                    "sha256",
                    "phash",
                    "is_masked",
                    "uploaded_at",
                ),
                order="media_id",
                dataset="GL03",
                dataset_fields=_same("stage", "media_type", "taken_at", "distance_m", "sha256", "phash"),
            ),
        ),
        schema_version=2,
        free_text=frozenset({"description", "address", "source_no"}),
        checks=(
            (
                "closed_has_time",
                "state IN ('80', '81') AND closed_at IS NULL",
                "A closed case has the time at which it was closed.",
            ),
            (
                "closed_after_report",
                "closed_at < reported_at",
                "A case cannot be closed before it was reported: check the time zone of the source.",
            ),
            (
                "case_in_community",
                "grid_code <> '' AND left(grid_code, 12) <> division_code",
                "division_code is the community of the grid, the first 12 digits of its code.",
            ),
        ),
    )
)

CASE_DAILY_STATISTIC = registry.register(
    RecordKind(
        dataset="GL04",
        model=CaseDailyStatistic,
        is_open=False,
        fields=_same(
            "division_code",
            "stat_date",
            "kind",
            "report_num",
            "valid_report_num",
            "accept_num",
            "register_num",
            "dispatch_num",
            "need_dispose_num",
            "dispose_num",
            "intime_dispose_num",
            "overtime_to_dispose_num",
            "need_close_num",
            "close_num",
            "intime_close_num",
            "rework_num",
            "postpone_num",
            "hang_num",
            "void_num",
        ),
        local=("class_code", "source", "verify_need_num", "verify_intime_num", "check_need_num", "check_intime_num"),
        checks=(
            (
                "intime_within_closed",
                "intime_close_num > close_num OR intime_dispose_num > dispose_num",
                "What was done on time is part of what was done.",
            ),
        ),
    )
)
derived.register("GL04", differing_days)

mending.register("JC04", "grid-detail", "grid_code", permission="grid.view_unitgrid")
mending.register("JC07", "component-edit", "obj_id", permission="grid.change_component")
mending.register("GL01", "case-detail", "case_no", permission="grid.view_case")
