"""Import of unit grids 单元网格: codes and communities first, then the topology (``topology``), then one upsert."""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.models import AreaClass, ImportRun
from grid.rules.codes import CodeFault, parse_grid_code
from grid.services.imports import checks, topology
from grid.services.imports.faults import code_fault
from grid.services.imports.mapping import Mapping
from grid.services.imports.merging import staged, update_changed
from grid.services.imports.places import City
from grid.services.imports.recipe import PLACE_FIELDS, Recipe
from grid.services.imports.staging import GOOD, STAGE, Stage, execute
from grid.services.imports.values import Field, one_of

TEXTS = ("name", "boundary_desc", "is_paved", "note")
SHAPES = (
    "FROM import_shape AS p JOIN import_stage AS s USING (row_no) "
    "WHERE NOT EXISTS (SELECT FROM import_bad AS b WHERE b.row_no = p.row_no)"
)
AREA_WORDS = {"重点区域": "A", "一般区域": "B", "其他": "C", "其他区域": "C"}
"""The words of CL_DEADLINE for the classes of area."""
AREA = "ST_Area(p.geom::geography)::numeric(12, 2)"


def grid_code(value: str, mapping: Mapping) -> str:
    """A unit grid code of 15 (or legacy 14) digits."""
    try:
        return parse_grid_code(value).text
    except CodeFault as fault:
        raise code_fault(fault, value) from fault


class GridRecipe(Recipe):
    """Unit grids with their polygons."""

    kind = ImportRun.Kind.GRIDS
    key = "grid_code"
    dataset = "JC04"
    given = ("name", "boundary_desc", "is_paved", "init_date", "change_date", "status", "note")
    filled = frozenset({"init_date", "status"})
    extra = (
        Field("grid_code", "text", grid_code, required=True),
        Field("area_class", "text", one_of(AreaClass.choices, AREA_WORDS)),
        *PLACE_FIELDS[2:],
    )
    options = {"overlap_m2": 1.0, "outside_m2": 1.0, "gap_m2": 1.0, "sliver_m2": 10.0}

    def check(self, stage: Stage) -> None:
        """Codes, communities, owner, then topology."""
        city = City()
        checks.no_duplicates(stage)
        checks.inside_city_codes(stage, city, f"left(s.{self.key}, 12)")
        checks.known_communities(stage, "left(s.grid_code, 12)")
        checks.ours(stage, "grid_unitgrid", "grid_code")
        checks.inside_scope(stage, f"SELECT row_no, left(grid_code, 12) AS code FROM {STAGE} AS s", field=self.key)
        self._not_retired(stage)
        self._retires_known(stage)
        options = {name: float(self.settings[name]) for name in self.options}
        self.summary |= topology.check(stage, city, options, repair=self.repair)

    @staticmethod
    def _not_retired(stage: Stage) -> None:
        stage.flag(
            "retired_code",
            f"SELECT s.row_no, '' AS shown FROM {STAGE} AS s JOIN grid_unitgrid AS u USING (grid_code) "
            "WHERE u.status = '9' AND coalesce(s.status, '1') = '1'",
            checks.saying(_("该编码已作废。"), _("作废编码永不复用；请使用该社区的下一个顺序号。")),
            field="grid_code",
        )

    @staticmethod
    def _retires_known(stage: Stage) -> None:
        stage.flag(
            "unknown_grid",
            f"SELECT s.row_no, '' AS shown FROM {STAGE} AS s WHERE s.status = '9' AND NOT EXISTS ("
            "SELECT FROM grid_unitgrid AS u WHERE u.grid_code = s.grid_code)",
            checks.saying(_("要作废的网格不存在。"), _("请核对编码，或从文件中删去该行。")),
            field="grid_code",
        )

    def apply(self, stage: Stage) -> int:
        """Write the grids. Of a stored one only the outline and what the mapping names; if that changes it, its change
        date is the file's or today."""
        today, system = timezone.localdate(), str(stage.mapping.coordinates)
        given = staged(stage.mapping.fields, texts=TEXTS, kept=("init_date", "area_class"))
        changed = update_changed(
            "grid_unitgrid",
            f"SELECT {', '.join(['p.grid_code', 's.change_date', *given])}, p.geom, {AREA} AS area_m2 {SHAPES}",
            key=("grid_code",),
            columns=(
                *(name for name in (*TEXTS, "init_date", "area_class") if name in stage.mapping.fields),
                "geom",
                "area_m2",
            ),
            also="change_date = coalesce(s.change_date, %s::date), source_crs = %s::text",
            params=[today, system],
        )
        written = execute(
            f"""
            INSERT INTO grid_unitgrid (rid, origin_code, grid_code, name, division_code, geom, area_m2, boundary_desc,
                is_paved, init_date, change_date, status, note, source_crs, area_class)
            SELECT gen_random_uuid(), %s::text, p.grid_code, coalesce(s.name, ''), left(p.grid_code, 12), p.geom,
                {AREA}, coalesce(s.boundary_desc, ''), coalesce(s.is_paved, ''),
                coalesce(s.init_date, %s::date), s.change_date, coalesce(s.status, '1'), coalesce(s.note, ''), %s::text,
                coalesce(s.area_class, 'B')
            {SHAPES} AND NOT EXISTS (SELECT FROM grid_unitgrid AS u WHERE u.grid_code = p.grid_code)
            """,
            [settings.CITYOPS_NODE, today, system],
        )
        self.summary["grids_written"] = changed + written
        self.summary["grids_retired"] = execute(
            f"UPDATE grid_unitgrid AS u SET status = '9', change_date = coalesce(s.change_date, %s::date) "
            f"FROM {GOOD} AS s WHERE s.status = '9' AND u.grid_code = s.grid_code AND u.status <> '9'",
            [today],
        )
        execute("ANALYZE grid_unitgrid")
        return stage.rows_good
