"""Topology of unit grids 网格拓扑: valid, one piece, inside the community, no overlap beyond a tolerance; gaps told.

With repair, an invalid outline is made valid, an overlap is given to one grid (to the one already in force, otherwise
to the lower code), and what falls apart keeps its largest piece under its code; further pieces become grids of the
next free sequence numbers. Everything that was moved is told with its area. Areas are square metres on the ellipsoid.
"""

from typing import Any

from django.utils.translation import gettext as _

from cityops.regions.models import valid_sql
from grid.services.imports import checks
from grid.services.imports.faults import Fault
from grid.services.imports.places import City
from grid.services.imports.staging import GOOD, Stage, execute, one, rows

TRACE_M2 = 0.01
"""An overlap below this is what rounding of coordinates leaves; no repair touches it."""
USUAL_M2 = (2_000, 50_000)
"""Usual size of a unit grid (domain notes §1); others are counted, not refused."""


def check(stage: Stage, city: City, options: dict[str, float], *, repair: bool) -> dict[str, Any]:
    """Flag every fault of the staged polygons and leave the shapes to be stored in ``import_shape``.

    Returns what the summary tells: invalid, overlapping and gaping grids, and the areas.
    """
    told: dict[str, Any] = {"repaired": repair}
    _polygons_only(stage)
    told["invalid"] = _validity(stage, repair=repair)
    checks.inside_city(stage, city)
    _shapes(repair=repair)
    told |= _overlaps(stage, options, repair=repair)
    told |= _pieces(stage, options, repair=repair)
    _inside_community(stage, options)
    if stage.run.options.get("skip_refused"):
        _kept_grids(stage, options)
    told |= _gaps(stage, options)
    low, high = USUAL_M2
    told["unusual_size"] = one(
        "SELECT count(*) FROM import_shape WHERE NOT ST_Area(geom::geography) BETWEEN %s::float8 AND %s::float8",
        [low, high],
    )
    return told


def _polygons_only(stage: Stage) -> None:
    stage.flag(
        "not_polygon",
        f"SELECT row_no, GeometryType(geom) AS shown FROM {GOOD} AS s "
        "WHERE GeometryType(geom) NOT IN ('POLYGON', 'MULTIPOLYGON')",
        checks.saying(_("图形类型是 %(shown)s。"), _("单元网格必须是面(Polygon)。")),
        field="geom",
    )


def _validity(stage: Stage, *, repair: bool) -> int:
    found = f"SELECT row_no, ST_IsValidReason(geom) AS shown FROM {GOOD} AS s WHERE NOT ST_IsValid(geom)"
    if repair:
        message = checks.saying(_("边界无效(%(shown)s)，已修复。"), _("请核对修复后的边界。"))
        return stage.flag("invalid_mended", found, message, field="geom", is_fatal=False)
    message = checks.saying(_("边界无效：%(shown)s。"), _("请修复边界，或使用自动修复(--repair)。"))
    return stage.flag("invalid_geometry", found, message, field="geom")


def _shapes(*, repair: bool) -> None:
    """The outlines to work on: made valid where repair is wanted, bare polygons where a collection has one part."""
    shape = "ST_CollectionExtract(ST_MakeValid(geom, 'method=structure'), 3)" if repair else "geom"
    execute("DROP TABLE IF EXISTS import_shape")
    execute(
        f"CREATE TEMP TABLE import_shape AS SELECT row_no, grid_code, "
        f"CASE WHEN ST_NumGeometries(m) = 1 THEN ST_GeometryN(m, 1) ELSE m END AS geom "
        f"FROM (SELECT row_no, grid_code, {shape} AS m FROM {GOOD} AS s WHERE coalesce(status, '1') = '1') AS v"
    )
    execute("CREATE INDEX ON import_shape USING gist (geom)")
    execute("CREATE INDEX ON import_shape (row_no)")
    execute("ANALYZE import_shape")


def _overlaps(stage: Stage, options: dict[str, float], *, repair: bool) -> dict[str, Any]:
    """Pairs that share more than the tolerance: (row that gives way, code that keeps, area)."""
    execute("DROP TABLE IF EXISTS import_overlap")
    execute(
        f"""
        CREATE TEMP TABLE import_overlap AS
        SELECT row_no, other, ST_Area(shared::geography) AS area FROM (
            SELECT a.row_no, b.grid_code AS other, ST_Intersection(a.geom, b.geom) AS shared
            FROM import_shape AS a JOIN import_shape AS b ON a.geom && b.geom AND b.grid_code < a.grid_code
                AND ST_Relate(a.geom, b.geom, 'T********')
            UNION ALL
            SELECT a.row_no, u.grid_code, ST_Intersection(a.geom, u.geom)
            FROM import_shape AS a JOIN grid_unitgrid AS u ON a.geom && u.geom AND u.status = '1'
                AND ST_Relate(a.geom, u.geom, 'T********')
                AND NOT EXISTS (SELECT FROM {GOOD} AS s WHERE s.grid_code = u.grid_code)
        ) AS p
        """
    )
    limit = TRACE_M2 if repair else options["overlap_m2"]
    execute("DELETE FROM import_overlap WHERE area <= %s::float8", [limit])
    found = (
        "SELECT row_no, string_agg(concat(other, ' (', round(area::numeric, 2), ' m²)'), '、' ORDER BY area DESC) "
        "AS shown FROM import_overlap GROUP BY row_no"
    )
    pairs, area = rows("SELECT count(*), coalesce(round(sum(area)::numeric, 2), 0) FROM import_overlap")[0]
    if repair:
        execute(
            """
            UPDATE import_shape AS a SET geom = ST_CollectionExtract(ST_Difference(a.geom, k.geom), 3)
            FROM (SELECT o.row_no, ST_Union(coalesce(b.geom, u.geom)) AS geom FROM import_overlap AS o
                LEFT JOIN import_shape AS b ON b.grid_code = o.other
                LEFT JOIN grid_unitgrid AS u ON u.grid_code = o.other GROUP BY o.row_no) AS k
            WHERE k.row_no = a.row_no
            """
        )
        message = checks.saying(_("与 %(shown)s 重叠，重叠部分已划归后者。"), _("请核对划分是否合适。"))
        stage.flag("overlap_mended", found, message, field="geom", is_fatal=False)
    else:
        message = checks.saying(
            _("与 %(shown)s 重叠，超过允许值。"), _("请修正边界，或使用自动修复(--repair)把重叠部分划归其中一格。")
        )
        stage.flag("overlap", found, message, field="geom")
    return {"overlaps": pairs, "overlap_m2": float(area)}


def _kept_grids(stage: Stage, options: dict[str, float]) -> None:
    """A grid in force stays as it is where its row was refused: what the file puts in its place is refused, too, and so
    on until nothing more falls away."""
    message = checks.saying(
        _("与 %(shown)s 重叠；后者在文件中的行被退回，原边界保留。"), _("请先改正后者的行，或修正边界。")
    )
    found = f"""
        SELECT row_no, string_agg(code, '、' ORDER BY code) AS shown FROM (
            SELECT a.row_no, u.grid_code AS code, ST_Area(ST_Intersection(a.geom, u.geom)::geography) AS area
            FROM import_shape AS a JOIN grid_unitgrid AS u ON a.geom && u.geom AND u.status = '1'
                AND a.grid_code <> u.grid_code AND ST_Relate(a.geom, u.geom, 'T********')
            WHERE EXISTS (SELECT FROM import_stage AS s JOIN import_bad AS b USING (row_no)
                WHERE s.grid_code = u.grid_code)
        ) AS p WHERE area > {options["overlap_m2"]:f} GROUP BY row_no"""
    while stage.flag("overlap", found, message, field="geom"):
        pass


def _pieces(stage: Stage, options: dict[str, float], *, repair: bool) -> dict[str, Any]:
    """A unit grid is one piece: others are refused, or with repair get codes of their own (slivers are given up)."""
    many = "SELECT row_no, ST_NumGeometries(geom)::text AS shown FROM import_shape WHERE ST_NumGeometries(geom) > 1"
    if not repair:
        message = checks.saying(
            _("网格由 %(shown)s 块组成。"), _("一个单元网格应为一块；请拆分，或使用自动修复(--repair)分别编号。")
        )
        stage.flag("multi_part", many, message, field="geom")
        return {}
    _nothing_left(stage)
    pieces = rows(
        "SELECT i.row_no, i.grid_code, row_number() OVER (PARTITION BY i.row_no ORDER BY ST_Area(d.geom) DESC) AS n, "
        "ST_Area(d.geom::geography), encode(ST_AsEWKB(d.geom), 'hex') FROM import_shape AS i, ST_Dump(i.geom) AS d "
        "WHERE GeometryType(i.geom) <> 'POLYGON' ORDER BY i.grid_code, n"
    )
    new, lost, free = 0, 0.0, _Sequences()
    for row_no, code, number, area, shape in pieces:
        if number == 1:
            execute("UPDATE import_shape SET geom = %s::geometry WHERE row_no = %s::int", [shape, row_no])
        elif area < options["sliver_m2"]:
            lost += area
            said = _("去掉了 %(area).2f m² 的碎片。") % {"area": area}
            _tell(stage, (row_no, code), "sliver_dropped", (said, _("碎片成为空隙；请在图上核对。")))
        elif (given := free.take(code[:12])) is None:
            _tell(
                stage, (row_no, code), "no_free_code", (_("社区内没有可用的顺序号。"), _("请拆分社区。")), is_fatal=True
            )
            execute("INSERT INTO import_bad VALUES (%s::int) ON CONFLICT DO NOTHING", [row_no])
        else:
            new += 1
            execute("INSERT INTO import_shape VALUES (%s::int, %s::text, %s::geometry)", [row_no, given, shape])
            said = _("另一块(%(area).2f m²)单独编为 %(code)s。") % {"area": area, "code": given}
            _tell(stage, (row_no, code), "piece_numbered", (said, _("请核对新编码。")))
    stage.issues.flush()
    return {"pieces_numbered": new, "slivers_m2": round(lost, 2)}


def _nothing_left(stage: Stage) -> None:
    stage.flag(
        "covered",
        "SELECT row_no, '' AS shown FROM import_shape WHERE geom IS NULL OR ST_IsEmpty(geom)",
        checks.saying(_("网格被其他网格完全覆盖。"), _("请删去该网格或改正边界。")),
        field="geom",
    )


class _Sequences:
    """Free sequence numbers of communities, after every number ever used and every number in the file."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def take(self, community: str) -> str | None:
        """The next free code of a community, or None after 999."""
        if community not in self._last:
            self._last[community] = one(
                "SELECT coalesce(max(right(grid_code, 3)::int), 0) FROM (SELECT grid_code FROM grid_unitgrid UNION ALL "
                "SELECT grid_code FROM import_stage) AS g WHERE grid_code LIKE %s::text AND length(grid_code) = 15",
                [f"{community}%"],
            )
        self._last[community] += 1
        return f"{community}{self._last[community]:03d}" if self._last[community] <= 999 else None


def _tell(stage: Stage, place: tuple[int, str], rule: str, told: tuple[str, str], *, is_fatal: bool = False) -> None:
    row_no, key = place
    stage.issues.add(Fault(row_no, rule, *told, key=key, field="geom", is_fatal=is_fatal))


def _inside_community(stage: Stage, options: dict[str, float]) -> None:
    stage.flag(
        "outside_community",
        "SELECT row_no, round(area::numeric, 2)::text AS shown FROM (SELECT i.row_no, "
        "ST_Area(ST_Difference(i.geom, d.boundary)::geography) AS area FROM import_shape AS i "
        f"JOIN regions_division AS d ON d.code = left(i.grid_code, 12) AND {valid_sql('d')} "
        "WHERE d.boundary IS NOT NULL AND NOT ST_Covers(d.boundary, i.geom)) AS o "
        f"WHERE area > {options['outside_m2']:f}",
        checks.saying(_("有 %(shown)s m² 在所属社区之外。"), _("网格不得跨社区；请修正边界或编码，并核对坐标系。")),
        field="geom",
    )


def _gaps(stage: Stage, options: dict[str, float]) -> dict[str, Any]:
    """Parts of the communities in the file that no grid covers, and communities where nobody can tell, as they have no
    outline; told, not refused."""
    shapes = f"SELECT i.* FROM import_shape AS i WHERE i.row_no IN (SELECT row_no FROM {GOOD} AS r)"
    unknown = rows(
        "SELECT d.code, d.name FROM regions_division AS d WHERE (d.valid_to IS NULL OR d.valid_to >= current_date) "
        "AND d.boundary IS NULL "
        "AND d.code IN (SELECT left(grid_code, 12) FROM import_shape) ORDER BY d.code"
    )
    for code, name in unknown:
        message = _("社区%(name)s没有边界；未检查网格是否越界、有无空隙。") % {"name": name}
        _tell(stage, (0, code), "no_boundary", (message, _("请用 load_regions 载入该社区的边界后再检查。")))
    found = rows(
        f"""
        SELECT code, name, area FROM (
            SELECT d.code, d.name, ST_Area(ST_Difference(d.boundary, ST_Union(g.geom))::geography) AS area
            FROM regions_division AS d
            JOIN (SELECT left(grid_code, 12) AS code, geom FROM ({shapes}) AS h UNION ALL
                SELECT division_code, geom FROM grid_unitgrid AS u WHERE status = '1'
                    AND NOT EXISTS (SELECT FROM {GOOD} AS s WHERE s.grid_code = u.grid_code)) AS g
                ON g.code = d.code
            WHERE {valid_sql("d")} AND d.boundary IS NOT NULL AND ST_IsValid(d.boundary)
                AND d.code IN (SELECT left(grid_code, 12) FROM import_shape)
                AND ST_IsValid(g.geom)
            GROUP BY d.code, d.name, d.boundary) AS t
        WHERE area > %s::float8 ORDER BY code
        """,
        [options["gap_m2"]],
    )
    for code, name, area in found:
        message = _("社区%(name)s有 %(area).2f m² 没有网格覆盖。") % {"name": name, "area": area}
        _tell(stage, (0, code), "gap", (message, _("请补画网格，或确认该处不纳入管理。")))
    stage.issues.flush()
    return {"gaps": len(found), "gap_m2": round(sum(area for _code, _name, area in found), 2)}
