"""The keys of searches: made again whenever a name, an alias or an address changes."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

from grid.places.models import Place
from grid.places.rules.addresses import split_address
from grid.places.rules.names import Keys, keys_of
from grid.places.rules.regions import Gazetteer
from grid.places.selectors.areas import city_gazetteer

KEY_TABLE = "import_place_key"
SEQUENCE = "places_place_number"


def set_keys(place: Place, gazetteer: Gazetteer | None = None) -> None:
    """Give a place its keys; the caller saves it."""
    keys = _keys(place.place_name, place.alias, place.std_address, gazetteer or city_gazetteer())
    place.names, place.door, place.search = list(keys.names), keys.door, keys.search


def _keys(name: str, alias: str, address: str, gazetteer: Gazetteer) -> Keys:
    return keys_of(name, alias, split_address(address, gazetteer))


def key_rows(rows: Iterable[tuple[Any, str, str, str]]) -> Iterator[tuple[Any, list[str], str, str]]:
    """(anything, name, alias, address) → (the same, names, door, search).

    The names of divisions are read at once: whoever writes the rows with COPY can ask nothing meanwhile.
    """
    gazetteer = city_gazetteer()

    def made() -> Iterator[tuple[Any, list[str], str, str]]:
        for mark, name, alias, address in rows:
            keys = _keys(name, alias, address, gazetteer)
            yield mark, list(keys.names), keys.door, keys.search

    return made()


def stage_keys(source: str, kind: str) -> None:
    """Fill the temporary table of keys: (mark, names, door, search) for what ``source`` selects.

    ``source`` gives mark, name, alias and address; ``kind`` is the SQL type of the mark.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {KEY_TABLE}")
        cursor.execute(f"CREATE TEMP TABLE {KEY_TABLE} (mark {kind} PRIMARY KEY, names text[], door text, search text)")
        cursor.execute(source)
        keyed = key_rows(cursor.fetchall())
        with cursor.copy(f"COPY {KEY_TABLE} FROM STDIN") as copy:
            for row in keyed:
                copy.write_row(row)
        cursor.execute(f"ANALYZE {KEY_TABLE}")


def drop_keys() -> None:
    """Remove the temporary table."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {KEY_TABLE}")


def make_keys_again() -> int:
    """Make the keys of all places again, after divisions or the rules of reading changed; returns how many differed."""
    table = Place._meta.db_table
    stage_keys(f"SELECT rid, place_name, alias, std_address FROM {table}", "uuid")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET names = k.names, door = k.door, search = k.search FROM {KEY_TABLE} AS k "
            "WHERE k.mark = t.rid AND (t.names, t.door, t.search) IS DISTINCT FROM (k.names, k.door, k.search)"
        )
        changed = int(cursor.rowcount)
    drop_keys()
    return changed


def next_place_id(county: str) -> str:
    """A number that no place has: six digits of the county and twelve of a sequence."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(%s)", [SEQUENCE])
            found = f"{county}{cursor.fetchone()[0]:012d}"
        if not Place.objects.filter(place_id=found).exists():
            return found
