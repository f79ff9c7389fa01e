"""Builders of what stands on the ground: components, and files to import."""

import datetime as dt
from pathlib import Path

from grid.models import Component
from grid.rules.codes import CURRENT
from tests.factories.grid import COMMUNITY, SOUTH, WEST

COVER = "01001"
FIRST = "33010201001000001"


def component(obj_id: str = FIRST, **fields) -> Component:
    """A manhole cover in the first grid."""
    good = {
        "obj_name": "供水井盖",
        "dept_code1": "ZG0000000000000001",
        "dept_name1": "测试城管局",
        "grid_code": COMMUNITY + "001",
        "division_code": COMMUNITY,
        "init_date": dt.date(2026, 1, 1),
        "class_code": COVER,
        "std_ref": CURRENT,
        "geom": f"SRID=4490;POINT({WEST + 0.005} {SOUTH + 0.005})",
    }
    return Component.objects.create(obj_id=obj_id, **{**good, **fields})


def csv_file(path: Path, rows: list[dict[str, object]], *, encoding: str = "utf-8") -> Path:
    """A CSV file with the keys of the first row as its head."""
    lines = [",".join(rows[0])] + [",".join(str(value) for value in row.values()) for row in rows]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path
