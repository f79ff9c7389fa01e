"""Census import: a file of components through the import as it is, against COPY of the same rows.

Ours reads a CSV, checks ids, classes, places and grids, writes the components and the history of each. The limit is
one COPY of the finished rows into a table of the same columns, indexes and constraints, without triggers.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import Meter, peak_rss_mb, report
from benchmarks.world import COMMUNITY, SOUTH, STEP, WEST, Standalone, city, pids_of

N = 500_000
GRIDS = 2_500
CLASSES = 40
COUNTY = COMMUNITY[:6]


def write_census(path: Path, count: int, classes: list[str]) -> None:
    """A file as a surveyor hands it over: ids, units, state and coordinates, spread over all grids."""
    side = round(GRIDS**0.5)
    with path.open("w", encoding="utf-8") as file:
        file.write(
            "obj_id,obj_name,dept_code1,dept_name1,dept_code2,dept_name2,dept_code3,dept_name3,state,init_date,"
            "data_source,note,longitude,latitude\n"
        )
        for n in range(count):
            cell, kind = n % (side * side), classes[n % len(classes)]
            east = WEST + (cell % side + 0.1 + n * 7 % 80 / 100) * STEP
            north = SOUTH + (cell // side + 0.1 + n * 11 % 80 / 100) * STEP
            file.write(
                f"{COUNTY}{kind}{n // len(classes) + 1:06d},部件{n % 997},ZG0000000000000001,测试城管局,"
                f"QS0000000000000001,测试水务公司,YH0000000000000001,测试养护公司,01,2026-03-0{n % 9 + 1},实测,,"
                f"{east:.7f},{north:.7f}\n"
            )


def prepare(here: Standalone) -> list[str]:
    """The divisions around the grids; returns the classes to use."""
    from cityops.regions.models import Division
    from grid.models import UnitGrid
    from grid.rules.codes import CURRENT
    from sync.standard.models import ClassEntry

    wanted = {f"{COUNTY}000000": 4, f"{COMMUNITY[:9]}000": 5}
    wanted |= dict.fromkeys(UnitGrid.objects.values_list("division_code", flat=True).distinct(), 6)
    for code, level in wanted.items():
        if not Division.objects.current().filter(code=code).exists():
            Division.objects.create(code=code, level=level, name=code, parent_code="", valid_from="2026-01-01")
    Division.objects.update(boundary=None)  # the grids of a benchmark lie where no city is
    rows = ClassEntry.objects.filter(version=CURRENT, kind="1").order_by("class_code")
    return list(rows.values_list("class_code", flat=True)[:CLASSES])


class Census:
    """The two ways of bringing the rows in."""

    def __init__(self, here: Standalone, folder: Path, count: int) -> None:
        self.here = here
        self.count = count
        self.file, self.rows = folder / "census.csv", folder / "rows.bin"
        write_census(self.file, count, prepare(here))
        columns = [f.column for f in self._model()._meta.concrete_fields if not f.generated]
        self.columns = ", ".join(columns)
        self._connection = here.connect()  # stays open, so that its CPU is counted

    @staticmethod
    def _model() -> Any:
        from grid.models import Component

        return Component

    def empty(self) -> None:
        """Begin anew; the history of earlier rounds stays."""
        with self.here.connect() as connection:
            connection.execute("TRUNCATE grid_component")

    def take(self) -> None:
        """Import the file. Raises where a row is refused or missing."""
        from grid.services.imports.runs import begin_run, execute_run

        run = execute_run(begin_run("components", self.file, options={}), self.file)
        if run.rows_taken != self.count:
            raise RuntimeError(f"{run.rows_taken} of {self.count} rows were taken.")

    def keep(self) -> None:
        """Put the finished rows aside, for the limit."""
        statement = f"COPY grid_component ({self.columns}) TO STDOUT (FORMAT binary)"
        with (
            self.here.connect() as connection,
            connection.cursor() as cursor,
            self.rows.open("wb") as file,
            cursor.copy(statement) as copy,
        ):
            for block in copy:
                file.write(block)

    def copy(self) -> None:
        """COPY the finished rows into a table like that of the components."""
        with self._connection.cursor() as cursor, self.rows.open("rb") as file:
            cursor.execute("DROP TABLE IF EXISTS limit_component")
            cursor.execute("CREATE TABLE limit_component (LIKE grid_component INCLUDING ALL)")
            with cursor.copy(f"COPY limit_component ({self.columns}) FROM STDIN (FORMAT binary)") as copy:
                while block := file.read(1 << 20):
                    copy.write(block)


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One line for the import as a whole."""
    with city(GRIDS) as here, tempfile.TemporaryDirectory() as folder:
        here.set_up_django()
        census = Census(here, Path(folder), n or N)
        idle = peak_rss_mb([os.getpid()])
        meter = Meter(lambda: pids_of(here))
        for number in range(rounds):
            census.empty()
            meter.measure("import", n or N, census.take)
            if not number:
                census.keep()
            meter.measure("copy", n or N, census.copy)
        seconds = round(meter.costs["import"].seconds[-1], 1)
        yield meter.line(
            "import", "import", "copy", "component",
            seconds=seconds, peak_mb=peak_rss_mb([os.getpid()]), idle_mb=idle,
        )  # fmt: skip


if __name__ == "__main__":
    report(run)
