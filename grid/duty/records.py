"""What duty sends upward: responsibility grids (JC05), evaluation grids (JC06), team statistics (GL10).

No person is in any of them: the leader of a responsibility grid, the roster and the visits stay in the city. JC06
travels both ways in the catalogue; a city draws its grids, so this is the way up. What a province sends down are the
areas of its own evaluations, which come with the evaluation's tasks.
"""

from cityops.foundation import mending
from cityops.foundation.records import Need, RecordKind, registry
from grid.duty.models import DutyGrid, EvaluationGrid, TeamStatistic


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


DUTY_GRID = registry.register(
    RecordKind(
        dataset="JC05",
        model=DutyGrid,
        fields=_same("grid_code", "name", "grid_kind", "unit_grids", "org_code", "geom", "valid_from", "valid_to"),
        local=("leader",),
        division_field="grid_code",
        needs=(Need("JC02", column="org_code", their_column="org_code"),),
        checks=(
            (
                "unit_grids_list",
                r"""unit_grids !~ '^\["[0-9]+"(, ?"[0-9]+")*\]$'""",
                "unit_grids is a JSON array of the codes of unit grids.",
            ),
            ("duty_grid_polygon", "NOT ST_IsValid(geom)", "Mend the outline: it is the union of the unit grids."),
            ("duty_grid_days", "valid_to < valid_from", "A grid ends on or after the day on which it begins."),
        ),
    )
)

EVALUATION_GRID = registry.register(
    RecordKind(
        dataset="JC06",
        model=EvaluationGrid,
        fields=_same(
            "grid_code",
            "name",
            "grid_type",
            "division_code",
            "geom",
            "road_grade",
            "pop_band",
            "eval_year",
            "status",
        ),
        checks=(
            (
                "evaluation_grid_type",
                "right(grid_code, 1) <> grid_type",
                "The last character of the code of an evaluation grid is its type.",
            ),
            ("evaluation_grid_polygon", "NOT ST_IsValid(geom)", "Mend the outline of the evaluation grid."),
        ),
    )
)

TEAM_STATISTIC = registry.register(
    RecordKind(
        dataset="GL10",
        model=TeamStatistic,
        fields=_same(
            "division_code",
            "period_code",
            "collectors",
            "collector_shift_rate",
            "seat_count",
            "dispatchers",
            "enforcers",
            "coverage_km2",
            "grids_patrolled",
            "grids_total",
            "terminals",
            "terminal_online",
        ),
        checks=(
            (
                "patrolled_within_total",
                "grids_patrolled > grids_total",
                "The unit grids that were patrolled are some of all unit grids.",
            ),
        ),
    )
)

mending.register("JC05", "duty-grid-edit", "grid_code", permission="duty.change_dutygrid")
