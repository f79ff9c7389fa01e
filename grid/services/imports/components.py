"""Import of managed components 管理部件: the id by its standard, the class, the grid, then one upsert."""

import datetime as dt

import shapely
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation.coordinates import CoordinateSystem, convert
from grid.models import Component, ComponentChange, ImportRun
from grid.rules.codes import CURRENT, MINOR_DIGITS, CodeFault, parse_component_id
from grid.rules.component_states import NEXT
from grid.services import component_history as history
from grid.services.imports import checks
from grid.services.imports.faults import code_fault
from grid.services.imports.grids import grid_code
from grid.services.imports.merging import staged, update_changed
from grid.services.imports.places import City, locate
from grid.services.imports.recipe import PLACE_FIELDS, Recipe
from grid.services.imports.staging import GOOD, STAGE, Stage, execute, rows
from grid.services.imports.values import Field, text

CLASS_OF_ID = "substr(s.obj_id, 7, greatest(length(s.obj_id) - 12, 0))"
_LENGTHS = " ".join(f"WHEN s.std_ref = '{name}' THEN {14 + digits}" for name, digits in MINOR_DIGITS.items())
TEXTS = (
    "dept_code2",
    "dept_name2",
    "dept_code3",
    "dept_name3",
    "data_source",
    "note",
    "street_name",
    "community_name",
    "precision_class",
)
KEPT = ("obj_name", "dept_code1", "dept_name1", "state", "init_date")
"""Fields that an empty cell leaves as they are stored."""
PLACED = ("grid_code", "division_code", "street_code", "geom")
"""Columns that the place of a row gives."""
LOCATED = (
    f"FROM {GOOD} AS s LEFT JOIN import_place AS p USING (row_no) "
    "CROSS JOIN LATERAL (SELECT coalesce(s.grid_code, p.grid_code) AS code) AS g"
)
WANTED_LENGTH = f"CASE {_LENGTHS} ELSE greatest(16, least(17, length(s.obj_id))) END"


class ComponentRecipe(Recipe):
    """Managed components with their place: points as a rule, lines and outlines where the file has them."""

    kind = ImportRun.Kind.COMPONENTS
    key = "obj_id"
    dataset = "JC07"
    given = (
        "std_ref",
        "obj_name",
        "dept_code1",
        "dept_name1",
        "dept_code2",
        "dept_name2",
        "dept_code3",
        "dept_name3",
        "state",
        "init_date",
        "change_date",
        "data_source",
        "note",
        "street_name",
        "community_name",
        "class_code",
        "precision_class",
    )
    filled = frozenset({"std_ref", "obj_name", "state", "init_date", "class_code"})
    extra = (
        Field("obj_id", "text", text(40), required=True),  # its length depends on the standard: ``_ids`` explains
        Field("grid_code", "text", grid_code),
        *PLACE_FIELDS,
    )
    options = {"grid_margin_m": 10.0}
    """How far a component may lie from the grid it names: the coarsest positional class (C, 10 m)."""

    def check(self, stage: Stage) -> None:
        """Ids, classes, owner, place and grid."""
        city = City()
        checks.fill("std_ref", f"'{CURRENT}'")
        self._ids(stage)
        self._converted(stage)
        checks.no_duplicates(stage)
        checks.inside_city_codes(stage, city, "left(s.obj_id, 6)")
        checks.known_communities(stage, "left(s.obj_id, 6) || '000000'")
        checks.known_classes(stage, CLASS_OF_ID, "'1'")
        self._class_agrees(stage)
        checks.ours(stage, "grid_component", "obj_id")
        checks.inside_city(stage, city)
        locate()
        self._grids(stage)
        checks.inside_scope(
            stage,
            f"SELECT s.row_no, left(g.code, 12) AS code {LOCATED} UNION ALL "
            f"SELECT s.row_no, t.division_code FROM {STAGE} AS s JOIN grid_component AS t USING (obj_id)",
        )
        self._state_follows(stage)

    @staticmethod
    def _ids(stage: Stage) -> None:
        """Length by the standard: a 16-digit id read as 17 would shift the class and name a wrong thing."""

        def explain(shown: str, shape: str) -> tuple[str, str]:
            code, standard = shown.split("|", 1)
            try:
                parse_component_id(code, standard)
            except CodeFault as fault:
                told = code_fault(fault, code, standard)
                return told.message, told.remedy
            return _("编码 %(code)s 有误。") % {"code": code}, _("请按标准改正编码。")

        stage.flag(
            "code_length",
            f"SELECT s.row_no, concat(s.obj_id, '|', s.std_ref) AS shown FROM {STAGE} AS s "
            f"WHERE s.obj_id !~ '^[0-9]+$' OR length(s.obj_id) <> {WANTED_LENGTH} OR right(s.obj_id, 6) = '000000'",
            explain,
            field="obj_id",
        )

    @staticmethod
    def _converted(stage: Stage) -> None:
        """A code that a conversion replaced would come in as a second component."""
        stage.flag(
            "code_converted",
            f"SELECT s.row_no, t.obj_id AS shown FROM {STAGE} AS s JOIN grid_codealias AS a "
            "ON a.kind = 'component' AND a.old = s.obj_id JOIN grid_component AS t ON t.rid = a.subject "
            "WHERE t.obj_id <> s.obj_id",
            checks.saying(_("该部件的编码已换为 %(shown)s。"), _("请在文件中改用新编码。")),
            field="obj_id",
        )

    @staticmethod
    def _class_agrees(stage: Stage) -> None:
        stage.flag(
            "class_differs",
            f"SELECT s.row_no, s.class_code AS shown FROM {STAGE} AS s WHERE s.class_code <> {CLASS_OF_ID}",
            checks.saying(_("分类代码 %(shown)s 与标识码中的分类不一致。"), _("请改正其中之一。")),
            field="class_code",
        )

    def _grids(self, stage: Stage) -> None:
        stage.flag(
            "unknown_grid",
            f"SELECT s.row_no, s.grid_code AS shown FROM {STAGE} AS s WHERE s.grid_code IS NOT NULL AND NOT EXISTS ("
            "SELECT FROM grid_unitgrid AS u WHERE u.grid_code = s.grid_code AND u.status = '1')",
            checks.saying(_("单元网格 %(shown)s 不存在或已作废。"), _("请先导入网格，或去掉该列由坐标定位。")),
            field="grid_code",
        )
        margin = float(self.settings["grid_margin_m"])
        stage.flag(
            "grid_differs",
            f"SELECT s.row_no, s.grid_code AS shown FROM {GOOD} AS s JOIN grid_unitgrid AS u USING (grid_code) "
            "WHERE NOT ST_Intersects(u.geom, s.geom) "
            f"AND NOT ST_DWithin(u.geom::geography, s.geom::geography, {margin:f})",
            _explain_other_grid,
            field="grid_code",
        )
        stage.flag(
            "no_grid",
            f"SELECT s.row_no, '' AS shown FROM {GOOD} AS s LEFT JOIN import_place AS p USING (row_no) "
            "WHERE s.grid_code IS NULL AND p.row_no IS NULL",
            checks.saying(_("坐标不在任何单元网格内。"), _("请核对坐标，或先补画该处的网格。")),
            field="geom",
        )
        stage.flag(
            "county_differs",
            f"SELECT s.row_no, coalesce(s.grid_code, p.grid_code) AS shown FROM {GOOD} AS s "
            "LEFT JOIN import_place AS p USING (row_no) "
            "WHERE left(coalesce(s.grid_code, p.grid_code), 6) <> left(s.obj_id, 6)",
            checks.saying(_("标识码的县级代码与所在网格 %(shown)s 不一致。"), _("请核对标识码或坐标。")),
            field="obj_id",
        )

    @staticmethod
    def _state_follows(stage: Stage) -> None:
        """A stored component changes its state as people change it, and not at all once it was removed."""
        allowed = ", ".join(f"('{state}', '{to}')" for state, after in NEXT.items() for to in after)

        def explain(shown: str, shape: str) -> tuple[str, str]:
            now, to = (str(Component.State(code).label) for code in shown.split("|"))
            message = _("部件现为“%(now)s”，不能变更为“%(to)s”。") % {"now": now, "to": to}
            return message, _("请核对状态；已移除的部件请用新的标识码。")

        stage.flag(
            "state_refused",
            f"SELECT s.row_no, concat(t.state, '|', s.state) AS shown FROM {STAGE} AS s "
            "JOIN grid_component AS t USING (obj_id) "
            f"WHERE s.state <> t.state AND (t.state, s.state) NOT IN ({allowed})",
            explain,
            field="state",
        )

    def apply(self, stage: Stage) -> int:
        """Write the components. Of a stored one only what the mapping names; if that changes it, its change date is
        the file's or today."""
        today = timezone.localdate()
        given = staged(stage.mapping.fields, texts=TEXTS, kept=KEPT)
        values = history.set_values(ComponentChange.Kind.IMPORTED, stage.run.pk, stage.run.file_name)
        changed = update_changed(
            "grid_component",
            f"SELECT {', '.join(['s.obj_id', 's.change_date', *given])}, g.code AS grid_code, "
            f"left(g.code, 12) AS division_code, left(g.code, 9) AS street_code, s.geom {LOCATED}",
            key=("obj_id",),
            columns=(*(name for name in TEXTS + KEPT if name in stage.mapping.fields), *PLACED),
            also="change_date = coalesce(s.change_date, %s::date), source_crs = %s::text",
            params=[today, str(stage.mapping.coordinates)],
            history=(("change_date",), values),
        )
        self.summary["components_written"] = changed + self._insert(stage, today)
        return stage.rows_good

    @staticmethod
    def _insert(stage: Stage, today: dt.date) -> int:
        """Write the components that are not stored yet."""
        statement = f"""
            INSERT INTO grid_component (rid, origin_code, obj_id, obj_name, dept_code1, dept_name1, dept_code2,
                dept_name2, dept_code3, dept_name3, grid_code, division_code, state, init_date, change_date,
                data_source,
                note, street_code, street_name, community_name, class_code, std_ref, geom, precision_class, extra,
                source_crs)
            SELECT s.rid, %s::text, s.obj_id, coalesce(s.obj_name, left(c.class_name, 30)), s.dept_code1, s.dept_name1,
                coalesce(s.dept_code2, ''), coalesce(s.dept_name2, ''), coalesce(s.dept_code3, ''),
                coalesce(s.dept_name3, ''), g.code, left(g.code, 12), coalesce(s.state, '01'),
                coalesce(s.init_date, %s::date), s.change_date, coalesce(s.data_source, ''), coalesce(s.note, ''),
                left(g.code, 9), coalesce(s.street_name, ''), coalesce(s.community_name, ''), {CLASS_OF_ID}, s.std_ref,
                s.geom, coalesce(s.precision_class, ''), '{{}}'::jsonb, %s::text
            {LOCATED}
            JOIN {checks.CLASSES} AS c ON c.version = s.std_ref AND c.kind = '1' AND c.class_code = {CLASS_OF_ID}
            WHERE NOT EXISTS (SELECT FROM grid_component AS t WHERE t.obj_id = s.obj_id)
            RETURNING rid, division_code
            """
        values = history.set_values(ComponentChange.Kind.CREATED, stage.run.pk, stage.run.file_name)
        params = [settings.CITYOPS_NODE, today, str(stage.mapping.coordinates), *values]
        return execute(history.written_down(statement), params)


def _explain_other_grid(shown: str, shape: str) -> tuple[str, str]:
    """Why a component lies outside the grid it names; says so where another coordinate system would fit."""
    message = _("坐标不在所填的单元网格 %(grid)s 内。") % {"grid": shown}
    found = rows("SELECT ST_AsBinary(geom) FROM grid_unitgrid WHERE grid_code = %s::text", [shown])
    outline = shapely.from_wkb(bytes(found[0][0]))
    spot = shapely.point_on_surface(shapely.from_wkb(bytes.fromhex(shape)))
    for system in (CoordinateSystem.GCJ02, CoordinateSystem.BD09):
        if outline.covers(shapely.Point(*convert(spot.x, spot.y, system))):
            hint = _('按 %(system)s 读取则位于该网格：请在映射文件中写 coordinates = "%(system)s"。')
            return message, hint % {"system": system}
    return message, _("请核对坐标或网格编码；去掉 grid_code 列则由坐标定位。")
