"""Pictures of a report as shapes: the graded map and the lines of some months, in units of a picture.

The same shapes become SVG in the PDF and a PNG in the docx, so that the two show the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cityops.regions.models import Division

COLOURS = {"green": "#4fae7b", "blue": "#5b93d6", "yellow": "#f0c64a", "orange": "#ec9446", "red": "#d9574c"}
"""Fill of a grade. On the picture the letter of the grade stands beside the colour."""
UNGRADED = "#eef2f6"
LINES = ("#1d5bb8", "#c46a1a", "#2a8a57")
Point = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """One division on the map: its rings, its colour, its letter and where that stands."""

    rings: tuple[tuple[Point, ...], ...]
    fill: str
    label: str
    at: Point


@dataclass(frozen=True)
class Picture:
    """A picture of a size."""

    width: int
    height: int
    areas: tuple[Area, ...] = ()
    lines: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    ticks: tuple[tuple[Point, str], ...] = ()
    grid: tuple[tuple[Point, Point, str], ...] = ()


def graded_map(rows: Iterable[Any], width: int = 640, height: int = 420) -> Picture | None:
    """The divisions of some rows in the colours of their grades; None where no outline is known."""
    wanted = {row.division_code: row for row in rows}
    found = Division.objects.current().filter(code__in=wanted, boundary__isnull=False).order_by("code", "level")
    outlines = [(wanted[one.code], one.boundary) for one in found]
    shapes: list[tuple[Any, Any]] = [
        (row, outline.simplify(0.001, preserve_topology=True)) for row, outline in outlines if outline
    ]
    if not shapes:
        return None
    west = min(shape.extent[0] for _row, shape in shapes)
    south = min(shape.extent[1] for _row, shape in shapes)
    east = max(shape.extent[2] for _row, shape in shapes)
    north = max(shape.extent[3] for _row, shape in shapes)
    scale = min((width - 20) / ((east - west) * 0.87 or 1), (height - 20) / ((north - south) or 1))

    def put(x: float, y: float) -> Point:
        return round(10 + (x - west) * 0.87 * scale, 1), round(10 + (north - y) * scale, 1)

    areas = []
    for row, shape in shapes:
        parts = shape if shape.geom_type == "MultiPolygon" else [shape]
        rings = tuple(tuple(put(*point[:2]) for point in part[0].coords) for part in parts)
        inside = shape.point_on_surface
        areas.append(Area(rings, COLOURS.get(row.colour, UNGRADED), row.grade or "—", put(inside.x, inside.y)))
    return Picture(width, height, tuple(areas))


def months_chart(
    labels: Sequence[str], series: Sequence[Sequence[Decimal | None]], width: int = 640, height: int = 240
) -> Picture:
    """Percentages over some periods, one line each."""
    left, top, right, floor = 44, 14, width - 14, height - 30
    known = [value for line in series for value in line if value is not None]
    low = max(0, int(min(known, default=Decimal(0)) // 10 * 10))
    step = (right - left) / max(1, len(labels) - 1)

    def y(value: float) -> float:
        return round(top + (floor - top) * (1 - (value - low) / ((100 - low) or 1)), 1)

    lines = tuple(
        (
            LINES[number % len(LINES)],
            tuple((round(left + place * step, 1), y(float(v))) for place, v in enumerate(line) if v is not None),
        )
        for number, line in enumerate(series)
    )
    ticks = tuple(((round(left + place * step, 1), floor + 16), label) for place, label in enumerate(labels))
    marks = (low, (low + 100) // 2, 100)
    grid = tuple(((left, y(mark)), (right, y(mark)), str(mark)) for mark in marks)
    return Picture(width, height, lines=lines, ticks=ticks, grid=grid)


def svg_parts(picture: Picture) -> dict[str, Any]:
    """The shapes as the texts that SVG wants."""
    return {
        "width": picture.width,
        "height": picture.height,
        "areas": [
            {
                "path": " ".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in area.rings),
                "fill": area.fill,
                "label": area.label,
                "x": area.at[0],
                "y": area.at[1],
            }
            for area in picture.areas
        ],
        "lines": [
            {"colour": colour, "path": "M" + "L".join(f"{x} {y}" for x, y in points), "points": points}
            for colour, points in picture.lines
            if points
        ],
        "ticks": [{"x": x, "y": y, "label": label} for (x, y), label in picture.ticks],
        "grid": [{"x1": a[0], "x2": b[0], "y": a[1], "label": label} for a, b, label in picture.grid],
    }
