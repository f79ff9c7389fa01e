"""Where rows lie: the city's outline, the unit grid of a point, the division of what lies in no grid."""

from functools import cached_property

import shapely
from django.conf import settings
from django.utils.translation import gettext as _

from cityops.foundation.coordinates import CoordinateFault, CoordinateSystem, convert
from cityops.regions.models import Division, valid_sql
from cityops.regions.rules import scope_prefix
from grid.services.imports.staging import GOOD, execute, one


class City:
    """The city of this instance: the prefix of its codes and its outline, where one is known."""

    def __init__(self) -> None:
        division = Division.objects.current().filter(code=settings.CITYOPS_REGION).defer("boundary").first()
        self.code = settings.CITYOPS_REGION
        self.name = division.name if division else self.code
        self.prefix = scope_prefix(self.code, division.level) if division else self.code[:4]
        execute("DROP TABLE IF EXISTS import_city")
        execute(
            "CREATE TEMP TABLE import_city AS SELECT ST_Subdivide(boundary, 128) AS geom FROM regions_division AS d "
            f"WHERE code = %s::text AND {valid_sql('d')} AND boundary IS NOT NULL",
            [self.code],
        )
        if not one("SELECT count(*) FROM import_city"):
            execute(
                "INSERT INTO import_city SELECT ST_Subdivide(boundary, 128) FROM regions_division AS d "
                f"WHERE parent_code = %s::text AND {valid_sql('d')} AND boundary IS NOT NULL",
                [self.code],
            )
        execute("CREATE INDEX ON import_city USING gist (geom)")
        execute("ANALYZE import_city")

    @cached_property
    def has_outline(self) -> bool:
        """Whether a boundary is loaded; without one no place can be called outside."""
        return bool(one("SELECT count(*) FROM import_city"))

    @cached_property
    def _outline(self) -> shapely.Geometry:
        outline = shapely.from_wkb(bytes(one("SELECT ST_AsBinary(ST_Union(geom)) FROM import_city")))
        shapely.prepare(outline)
        return outline

    def explain_outside(self, shown: str, shape: str) -> tuple[str, str]:
        """Why a place outside the city is most likely wrong: swapped, another system, or simply elsewhere."""
        point = shapely.point_on_surface(shapely.from_wkb(bytes.fromhex(shape)))
        lon, lat = point.x, point.y
        message = _("坐标 %(lon).6f, %(lat).6f 不在%(city)s范围内。") % {"lon": lon, "lat": lat, "city": self.name}
        if self._outline.covers(shapely.Point(lat, lon)):
            return message, _("经度和纬度颠倒了：交换后位于本市。请在映射文件中交换 longitude 与 latitude 两列。")
        for system in (CoordinateSystem.GCJ02, CoordinateSystem.BD09):
            if self._reads_as(lon, lat, system):
                hint = _('按 %(system)s 读取则位于本市：请在映射文件中写 coordinates = "%(system)s"。')
                return message, hint % {"system": system}
        return message, _("请核对坐标、坐标系(映射文件的 coordinates)和所属城市。")

    def _reads_as(self, lon: float, lat: float, system: CoordinateSystem) -> bool:
        try:
            return bool(self._outline.covers(shapely.Point(*convert(lon, lat, system))))
        except CoordinateFault:
            return False


def locate() -> None:
    """Fill ``import_place`` with the unit grid in force that each good row's point lies in; the lowest code wins a tie.

    A line or an outline is located by a point on it. Rows that lie in no grid are not in the table.
    """
    execute("DROP TABLE IF EXISTS import_place")
    execute(
        "CREATE TEMP TABLE import_place AS SELECT s.row_no, min(g.grid_code) AS grid_code "
        f"FROM (SELECT row_no, CASE WHEN ST_Dimension(geom) = 0 THEN geom ELSE ST_PointOnSurface(geom) END AS spot "
        f"FROM {GOOD} AS s0) AS s "
        "JOIN grid_unitgrid AS g ON ST_Covers(g.geom, s.spot) AND g.status = '1' GROUP BY s.row_no"
    )
    execute("ALTER TABLE import_place ADD PRIMARY KEY (row_no)")
    execute("ANALYZE import_place")
