"""Shapes of rows: points from two columns, geometries from GeoJSON or WKT, brought to CGCS2000 once, here."""

import math
import struct
from typing import Any

import shapely
import shapely.geometry
import shapely.wkt
from django.utils.translation import gettext as _
from shapely.errors import ShapelyError

from cityops.foundation.coordinates import CoordinateFault, convert, convert_coordinates
from cityops.regions.models import CGCS2000
from grid.services.imports.faults import ValueFault
from grid.services.imports.mapping import Mapping

_POINT = struct.Struct("<BIIdd")
_HAS_SRID = 0x20000001
_MAX_POINTS = 200_000
"""A single shape with more corners is refused: no grid or component has them."""


def point_hex(lon: float, lat: float, mapping: Mapping) -> str:
    """A point as hexadecimal EWKB in CGCS2000. Raises ValueFault for what can be no longitude and latitude."""
    try:
        lon, lat = convert(lon, lat, mapping.coordinates)
    except CoordinateFault as fault:
        raise _fault(fault) from fault
    return _POINT.pack(1, _HAS_SRID, CGCS2000, lon, lat).hex()


def geometry_hex(geometry: dict[str, Any] | None, mapping: Mapping) -> str:
    """A GeoJSON geometry as hexadecimal EWKB in CGCS2000; heights are dropped. Raises ValueFault."""
    if geometry and not isinstance(geometry, dict):
        raise _broken(type(geometry).__name__)
    if not geometry or not geometry.get("coordinates"):
        raise ValueFault("no_geometry", _("该要素没有几何图形。"), _("请补上图形，或从文件中删去该要素。"))
    try:
        coordinates = convert_coordinates(geometry["coordinates"], mapping.coordinates)
        shape = shapely.geometry.shape({"type": geometry["type"], "coordinates": coordinates})
    except CoordinateFault as fault:
        raise _fault(fault) from fault
    except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError) as error:
        raise _broken(str(error)) from error
    return _hex(shape)


def wkt_hex(text: str, mapping: Mapping) -> str:
    """A WKT geometry as hexadecimal EWKB in CGCS2000. Raises ValueFault."""
    try:
        shape = shapely.wkt.loads(text)
    except (ShapelyError, ValueError, TypeError) as error:
        raise _broken(str(error)) from error
    return geometry_hex(shapely.geometry.mapping(shape), mapping)


def _hex(shape: shapely.Geometry) -> str:
    if shape.is_empty or shapely.get_num_coordinates(shape) > _MAX_POINTS:
        raise _broken(_("没有顶点，或顶点过多"))
    bounds = shape.bounds
    if not all(math.isfinite(value) for value in bounds):
        raise _broken(_("坐标不是数字"))
    return str(shapely.to_wkb(shapely.set_srid(shapely.force_2d(shape), CGCS2000), hex=True, include_srid=True))


def _fault(fault: CoordinateFault) -> ValueFault:
    return ValueFault(fault.rule, fault.message, fault.remedy)


def _broken(why: str) -> ValueFault:
    return ValueFault("bad_geometry", _("几何图形无法读取：%(why)s。") % {"why": why}, _("请用 GIS 软件修复后再导入。"))
