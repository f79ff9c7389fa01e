"""Map tile: ST_AsMVT in plain psycopg, prepared, against the tile's address, not cached and cached.

Random tiles as somebody asks for who looks at the middle of a city: components, zoom 15 and 16. The limit draws the
same features with the same attributes, straight from the stored Web Mercator column, without asking who looks.
"""

import math
import random
from collections.abc import Iterator
from typing import Any

from benchmarks.measuring import Meter, peak_rss_mb, report
from benchmarks.world import COMMUNITY, NODE, SOUTH, STEP, WEST, Browser, Standalone, city, fill_columns, pids_of
from tests.launcher import Instance

N = 100_000
TILES = 120
GRIDS = 20_000
LIMIT = """
SELECT ST_AsMVT(t, 'components', 4096, 'geometry') FROM (
    SELECT ST_AsMVTGeom(geom_3857, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64) AS geometry, obj_id, obj_name, state
    FROM grid_component WHERE geom_3857 && ST_Expand(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), %(margin)s)
) t
"""
WORLD = 40_075_016.685_578_49


def place_components(here: Instance, count: int) -> None:
    """Put components at random places on the ground of the city, most of them in its middle."""
    side = GRIDS**0.5 * STEP
    columns = {
        "rid": "gen_random_uuid()",
        "origin_code": f"'{NODE}'",
        "obj_id": f"'{COMMUNITY[:6]}01001' || lpad(n::text, 6, '0')",
        "obj_name": "'上水井盖'",
        "geom": "ST_SetSRID(ST_MakePoint(%(west)s + %(side)s * (random() + random()) / 2, "
        "%(south)s + %(side)s * (random() + random()) / 2), 4490)",
        "division_code": f"'{COMMUNITY}'",
        "grid_code": f"'{COMMUNITY}001'",
        "class_code": "'01001'",
        "state": "'完好'",
    }
    with here.connect() as connection:
        fill_columns(connection, "grid_component", columns)
        statement = "INSERT INTO grid_component ({}) SELECT {} FROM generate_series(1, %(count)s) n".format(
            ", ".join(columns), ", ".join(columns.values())
        )
        connection.execute(statement, {"west": WEST, "south": SOUTH, "side": side, "count": count})
        connection.execute("VACUUM ANALYZE grid_component")


def some_tiles(count: int) -> list[tuple[int, int, int]]:
    """Different tiles of the middle of the ground; the same each time."""
    dice = random.Random(20260101)
    side = GRIDS**0.5 * STEP
    found: dict[tuple[int, int, int], None] = {}
    while len(found) < count:
        lon = WEST + side * (0.2 + 0.6 * dice.random())
        lat = SOUTH + side * (0.2 + 0.6 * dice.random())
        zoom = dice.choice((15, 16))
        x = int((lon + 180) / 360 * 2**zoom)
        y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
        found[zoom, x, y] = None
    return list(found)


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Lines for a tile that is drawn and for one that is kept."""
    with city(GRIDS) as here:
        place_components(here, n or N)
        here.start_web(workers=1, threads=2)
        browser = Browser(here, "jianguan")
        tiles = some_tiles(TILES)
        with here.connect() as connection:
            connection.prepare_threshold = 0
            cursor = connection.cursor(binary=True)
            meter = Meter(lambda: pids_of(here))
            for number in range(rounds + 1):
                if number == 1:
                    meter.costs.clear()  # the first round warms everything up
                _round(meter, here, browser, cursor, tiles)
            memory = {"web": peak_rss_mb(pids_of(here))}
            yield meter.line("tile", "drawn", "limit", "tile", features=n or N, rss_mb=memory)
            yield meter.line("tile", "cached", "limit", "tile", features=n or N, rss_mb=memory)


def _round(meter: Meter, here: Standalone, browser: Browser, cursor: Any, tiles: list[tuple[int, int, int]]) -> None:
    paths = [f"/tiles/components/{z}/{x}/{y}.mvt" for z, x, y in tiles]

    def limit() -> None:
        for z, x, y in tiles:
            cursor.execute(LIMIT, {"z": z, "x": x, "y": y, "margin": WORLD / 2**z / 64})
            cursor.fetchone()

    def drawn() -> None:
        for path in paths:
            browser.get(path)

    meter.measure("limit", len(tiles), limit)
    here.forget()
    meter.measure("drawn", len(tiles), drawn, is_own=False)
    meter.measure("cached", len(tiles), drawn, is_own=False)


if __name__ == "__main__":
    report(run)
