"""Builders of places."""

import itertools

from grid.places.models import Place
from grid.places.services.keys import set_keys
from tests.factories.grid import COMMUNITY, SOUTH, WEST

_numbers = itertools.count(1)


def place(name: str = "测试文化广场", *, east_m: float = 0.0, north_m: float = 0.0, **fields) -> Place:
    """A point of interest in the first grid; ``east_m`` and ``north_m`` are metres from the middle of the grid."""
    lon, lat = WEST + 0.005 + east_m / 96_300, SOUTH + 0.005 + north_m / 111_195
    good = {
        "place_id": f"330102{next(_numbers):012d}",
        "place_type": Place.Type.INTEREST,
        "std_address": f"测试社区{name}",
        "grid_code": COMMUNITY + "001",
        "division_code": COMMUNITY,
        "geom": f"SRID=4490;POINT({lon:.7f} {lat:.7f})",
    }
    made = Place(place_name=name, **{**good, **fields})
    set_keys(made)
    made.save(force_insert=True)
    return Place.objects.get(pk=made.pk)


def door(street: str, number: object, **fields) -> Place:
    """A door number of a street."""
    name = f"{street}{number}号"
    return place(name, place_type=Place.Type.DOOR, std_address=f"测试社区{name}", **fields)


def many_places(count: int) -> None:
    """So many doors and shops, written past the services: for plans and for how long a question takes."""
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; DROP INDEX place_search, place_names")
        cursor.execute(
            """
            INSERT INTO places_place (rid, origin_code, place_id, place_name, place_type, std_address, alias, geom,
                grid_code, division_code, valid, source, source_crs, names, door, search)
            SELECT gen_random_uuid(), %s, '330199' || lpad(n::text, 12, '0'), name, kind,
                '第' || n %% 400 || '街坊' || name, '',
                ST_SetSRID(ST_MakePoint(120.1 + (n %% 447) * 0.0006, 30.1 + (n / 447) * 0.0006), 4490),
                '330102001001' || lpad((n %% 500)::text, 3, '0'),
                '3301' || lpad((n %% 13)::text, 2, '0') || '001001',
                '1', '', '', ARRAY[name], CASE WHEN kind = '04' THEN road || ' ' || n %% 900 || '号' ELSE '' END,
                CASE WHEN kind = '04' THEN name || ' ' || road || ' ' || n %% 900 || '号'
                     ELSE name || ' ' || shop || ' ' || owner END
            FROM (
                SELECT n, CASE WHEN n %% 4 = 0 THEN '06' ELSE '04' END AS kind, road, shop, owner,
                    CASE WHEN n %% 4 = 0 THEN owner || shop ELSE road || n %% 900 || '号' END AS name
                FROM (
                    SELECT n, (ARRAY['东','西','南','北','新','老','上','下'])[1 + n %% 8] ||
                        chr(20000 + (n * 7) %% 601) || (ARRAY['路','街','巷'])[1 + n %% 3] AS road,
                        (ARRAY['超市','药店','饭馆','理发店','五金店','小学','诊所'])[1 + n %% 7] AS shop,
                        chr(21000 + (n * 13) %% 997) || chr(22000 + (n * 31) %% 1499) AS owner
                    FROM generate_series(1, %s) AS n
                ) AS drawn
            ) AS named
            """,
            [settings.CITYOPS_NODE, count],
        )
        cursor.execute("CREATE INDEX place_search ON places_place USING gin (search gin_trgm_ops)")
        cursor.execute("CREATE INDEX place_names ON places_place USING gin (names)")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT; ANALYZE places_place")
