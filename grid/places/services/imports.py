"""Import of places 地点: through the one machinery of imports; lines and areas are taken by their middle.

A file without numbers gets them: those of the places that have the same name and address, or new ones.
"""

from django.conf import settings
from django.utils.translation import gettext as _

from grid.models import ImportRun
from grid.places.models import Place
from grid.places.services.keys import KEY_TABLE, SEQUENCE, drop_keys, stage_keys
from grid.selectors.places import city_prefix
from grid.services.imports import checks
from grid.services.imports.grids import grid_code
from grid.services.imports.merging import staged, update_changed
from grid.services.imports.places import City, locate
from grid.services.imports.recipe import PLACE_FIELDS, Recipe
from grid.services.imports.staging import GOOD, STAGE, Stage, execute
from grid.services.imports.values import Field, date, text

TABLE = Place._meta.db_table
TEXTS = ("alias", "source")
KEPT = ("place_name", "place_type", "std_address", "valid", "valid_from", "valid_to")
"""Fields that an empty cell leaves as they are stored."""
KEYS = ("names", "door", "search")
LOCATED = (
    f"FROM {GOOD} AS s LEFT JOIN import_place AS p USING (row_no) "
    "CROSS JOIN LATERAL (SELECT coalesce(s.grid_code, p.grid_code) AS code) AS g"
)
TIES = {"historic_of": "historic_of_id", "parent": "parent_id"}
"""Field of a file that names another place by its number → column."""


class PlaceRecipe(Recipe):
    """Places with their points."""

    kind = ImportRun.Kind.PLACES
    key = "place_id"
    dataset = "JC09"
    given = ("place_id", "place_name", "place_type", "std_address", "alias", "valid")
    filled = frozenset({"place_id", "place_type", "std_address", "valid"})
    extra = (
        Field("grid_code", "text", grid_code),
        Field("source", "text", text(60, cut=True)),
        Field("valid_from", "date", date),
        Field("valid_to", "date", date),
        *(Field(name, "text", text(20)) for name in TIES),
        *PLACE_FIELDS,
    )

    def check(self, stage: Stage) -> None:
        """Numbers, owner, place, grid, ties."""
        city = City()
        self.summary["middles"] = execute(
            f"UPDATE {STAGE} SET geom = ST_PointOnSurface(geom) WHERE ST_GeometryType(geom) <> 'ST_Point'"
        )
        self._number()
        checks.no_duplicates(stage)
        checks.ours(stage, TABLE, "place_id")
        checks.inside_city(stage, city)
        locate()
        self._grids(stage)
        checks.inside_scope(
            stage,
            f"SELECT s.row_no, left(g.code, 12) AS code {LOCATED} UNION ALL "
            f"SELECT s.row_no, t.division_code FROM {STAGE} AS s JOIN {TABLE} AS t USING (place_id)",
        )
        for name in TIES:
            self._tied(stage, name)

    @staticmethod
    def _number() -> None:
        """Rows without a number get the one of the same name and address (within the first grid of the point), or a
        new one."""
        checks.fill(
            "place_id",
            f"(SELECT min(t.place_id) FROM {TABLE} AS t WHERE t.place_name = s.place_name "
            "AND t.std_address = s.std_address)",
        )
        county = city_prefix().ljust(6, "0")
        checks.fill("place_id", f"'{county}' || lpad(nextval('{SEQUENCE}')::text, 12, '0')")

    @staticmethod
    def _grids(stage: Stage) -> None:
        stage.flag(
            "unknown_grid",
            f"SELECT s.row_no, s.grid_code AS shown FROM {STAGE} AS s WHERE s.grid_code IS NOT NULL AND NOT EXISTS ("
            "SELECT FROM grid_unitgrid AS u WHERE u.grid_code = s.grid_code AND u.status = '1')",
            checks.saying(_("单元网格 %(shown)s 不存在或已作废。"), _("请先导入网格，或去掉该列由坐标定位。")),
            field="grid_code",
        )
        stage.flag(
            "no_grid",
            f"SELECT s.row_no, '' AS shown FROM {GOOD} AS s LEFT JOIN import_place AS p USING (row_no) "
            "WHERE s.grid_code IS NULL AND p.row_no IS NULL",
            checks.saying(_("坐标不在任何单元网格内。"), _("请核对坐标，或先补画该处的网格。")),
            field="geom",
        )

    @staticmethod
    def _tied(stage: Stage, name: str) -> None:
        """A place that is named must be stored, or stand in the same file."""
        stage.flag(
            f"unknown_{name}",
            f"SELECT s.row_no, s.{name} AS shown FROM {STAGE} AS s WHERE s.{name} IS NOT NULL "
            f"AND NOT EXISTS (SELECT FROM {TABLE} AS t WHERE t.place_id = s.{name}) "
            f"AND NOT EXISTS (SELECT FROM {GOOD} AS o WHERE o.place_id = s.{name} AND o.row_no <> s.row_no)",
            checks.saying(_("没有标识为 %(shown)s 的地点。"), _("请填写已有地点或本文件中另一行的地点标识。")),
            field=name,
        )

    def apply(self, stage: Stage) -> int:
        """Write the places. Of a stored one only what the mapping names, and only where it differs."""
        self._address()
        stage_keys(
            f"SELECT s.row_no, coalesce(s.place_name, t.place_name), coalesce(s.alias, t.alias, ''), "
            f"coalesce(s.std_address, t.std_address) FROM {GOOD} AS s LEFT JOIN {TABLE} AS t USING (place_id)",
            "integer",
        )
        mapped = stage.mapping.fields
        given = staged(mapped, texts=TEXTS, kept=KEPT)
        changed = update_changed(
            TABLE,
            f"SELECT {', '.join(['s.place_id', *given])}, g.code AS grid_code, left(g.code, 12) AS division_code, "
            f"s.geom, k.names, k.door, k.search {LOCATED} JOIN {KEY_TABLE} AS k ON k.mark = s.row_no",
            key=("place_id",),
            columns=(*(name for name in TEXTS + KEPT if name in mapped), "grid_code", "division_code", "geom", *KEYS),
            also="source_crs = %s::text",
            params=[str(stage.mapping.coordinates)],
        )
        self.summary["places_written"] = changed + self._insert(stage)
        for name, column in TIES.items():
            if name in mapped:
                self._tie(name, column)
        drop_keys()
        return stage.rows_good

    @staticmethod
    def _address() -> None:
        """A place that comes without an address has its community and its name for one."""
        names = " || ".join(
            "coalesce((SELECT d.name FROM regions_division AS d WHERE d.valid_to IS NULL "
            f"AND d.code = rpad(left(g.code, {digits}), 12, '0') LIMIT 1), '')"
            for digits in (6, 9, 12)
        )
        execute(
            f"UPDATE {STAGE} AS o SET std_address = left({names} || s.place_name, 300) {LOCATED} "
            "WHERE o.row_no = s.row_no AND o.std_address IS NULL "
            f"AND NOT EXISTS (SELECT FROM {TABLE} AS t WHERE t.place_id = s.place_id)"
        )

    @staticmethod
    def _insert(stage: Stage) -> int:
        """Write the places that are not stored yet."""
        return execute(
            f"""
            INSERT INTO {TABLE} (rid, origin_code, place_id, place_name, place_type, std_address, alias, geom,
                grid_code, division_code, valid, valid_from, valid_to, source, source_crs, names, door, search)
            SELECT s.rid, %s::text, s.place_id, s.place_name, coalesce(s.place_type, '06'), s.std_address,
                coalesce(s.alias, ''), s.geom, g.code, left(g.code, 12), coalesce(s.valid, '1'), s.valid_from,
                s.valid_to, coalesce(s.source, ''), %s::text, k.names, k.door, k.search
            {LOCATED}
            JOIN {KEY_TABLE} AS k ON k.mark = s.row_no
            WHERE NOT EXISTS (SELECT FROM {TABLE} AS t WHERE t.place_id = s.place_id)
            """,
            [settings.CITYOPS_NODE, str(stage.mapping.coordinates)],
        )

    @staticmethod
    def _tie(name: str, column: str) -> None:
        """Bind places to those they name; an empty cell leaves a stored tie alone."""
        execute(
            f"UPDATE {TABLE} AS t SET {column} = o.rid FROM {GOOD} AS s JOIN {TABLE} AS o ON o.place_id = s.{name} "
            f"WHERE t.place_id = s.place_id AND t.{column} IS DISTINCT FROM o.rid"
        )
