"""A quarter of Boston, imported at a city, travels to province and nation; every tier counts the same to the digit.

The only part of the nation that matters here is the test division 99. Its outlines are loaded at the nation, which
owns all divisions, and come down by exchange; grids and cases are imported at the city and go up.
"""

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chain import chain
from tests.factories import boston
from tests.flows.joined.test_exchange import digests
from tests.launcher import Instance

pytestmark = pytest.mark.flow
PLACES = (
    ("national", "000000000000", "000000000000-N"),
    ("provincial", "990000000000", "990000000000-P"),
    ("municipal", boston.CITY, f"{boston.CITY}-C"),
)
KNOWN = {
    "needed": 31_828,
    "closed": 30_081,
    "needed_with_deadline": 26_815,
    "closed_with_deadline": 25_183,
    "on_time": 20_356,
    "in_no_grid": 6,
}
"""What counting the file itself gives; ``in_no_grid`` by its coordinates and the precincts."""
ASKED = ("on_time_closing_rate", boston.CITY, "2011Q3", "--cohort")
FIGURE = ("figure", *ASKED, "--json", "--records", "--part", "needed")
MOST_MEMORY_MB = 400
"""Nothing holds the quarter in memory: neither command nor web server may take more than this at its peak."""


@dataclass
class Told:
    """What the commands said, how long they took, and what each tier answers; nation first."""

    instances: list[Instance]
    said: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    digests: list[dict[str, tuple[int, str]]] = field(default_factory=list)
    figures: list[dict] = field(default_factory=list)

    def run(self, step: str, instance: Instance, *command: str) -> None:
        """Run one command of one instance, timed."""
        begun = time.monotonic()
        self.said[step] = instance.manage(*command)
        self.seconds[step] = round(time.monotonic() - begun, 1)

    def facts(self, step: str) -> dict[str, str]:
        """The report of an import: name and value of each line."""
        return dict(line.split(": ", 1) for line in self.said[step].splitlines() if ": " in line)


def import_and_exchange(told: Told, data: Path) -> None:
    """What operators type, in this order (docs/imports.md)."""
    nation, province, city = told.instances
    outlines, requests = str(data / boston.PRECINCTS), str(data / boston.REQUESTS)

    def mapping(name: str) -> tuple[str, str]:
        return "--mapping", str(boston.MAPPINGS / f"boston_{name}.toml")

    told.run("divisions at the nation", nation, "load_regions", "--file", outlines, *mapping("divisions"))
    told.run("numbered at the nation", nation, "sync_run")
    told.run("pulled by the province", province, "sync_run")
    told.run("pulled by the city", city, "sync_run")
    told.run("grids", city, "import_grids", outlines, *mapping("grids"), "--repair")
    told.run("cases", city, "import_cases", requests, *mapping("cases"))
    told.run("city to province", city, "sync_run")
    told.run("province to nation", province, "sync_run")


def at_every_tier(told: Told, ask: Callable[[Instance], dict]) -> list[dict]:
    """One answer from each instance."""
    with ThreadPoolExecutor(len(told.instances)) as pool:
        return list(pool.map(ask, told.instances))


@pytest.fixture(scope="module")
def told(shared_data: Path) -> Iterator[Told]:
    """All of it, once."""
    with chain(PLACES, CITYOPS_TIME_ZONE=boston.ZONE) as instances:
        nation, _province, city = instances
        with nation.connect() as connection:  # everybody has loaded the same real divisions: these need not travel
            connection.execute("DELETE FROM sync_dirty WHERE dataset = 'JC01'")
        told = Told(instances)
        import_and_exchange(told, shared_data)
        told.digests = at_every_tier(told, lambda one: digests(one, city.node))
        told.figures = at_every_tier(told, lambda one: json.loads(one.manage(*FIGURE)))
        yield told


def test_the_imports_give_the_known_numbers(told):
    grids, cases = told.facts("grids"), told.facts("cases")
    assert (grids["read"], grids["taken"], grids["invalid"], grids["state"]) == ("255", "255", "2", "done")
    assert (cases["read"], cases["taken"], cases["in_no_grid"], cases["state"]) == ("31828", "31828", "6", "done")


def test_every_tier_counts_the_same_to_the_digit(told):
    for one in told.figures:
        assert one["inputs"] == KNOWN
        assert (one["numerator"], one["denominator"], one["value"]) == (20_356, 26_815, "75.91")
        assert (one["lineage"]["records"], one["lineage"]["unnumbered"]) == (26_815, 0)
        assert one["place"]["name"] == "试验市"
    at_nation, at_province, at_city = ({**one, "as_of": "", "records": []} for one in told.figures)
    assert at_nation == at_province == at_city


def test_the_records_behind_it_are_exactly_those_that_were_counted(told):
    with told.instances[-1].connect() as connection:
        imported = {str(rid) for (rid,) in connection.execute("SELECT rid FROM grid_case")}
    at_nation, at_province, at_city = (one["records"] for one in told.figures)
    assert at_nation == at_province == at_city
    assert {record["rid"] for record in at_nation} == imported
    assert len(at_nation) == len(imported) == KNOWN["needed"]
    assert Counter(part for record in at_nation for part in record["counted_as"]) == KNOWN
    assert {record["origin"] for record in at_nation} == {f"{boston.CITY}-C"}


def test_the_digests_of_all_tiers_are_equal(told):
    at_nation, at_province, at_city = told.digests
    assert at_nation == at_province == at_city
    assert {dataset: records for dataset, (records, _digest) in at_city.items()} == {
        "GL01": 31_828,
        "GL04": 4_674,
        "JC04": 259,
        "JC11": 1,
    }


def test_seconds_and_memory_are_told_and_memory_is_bounded(told, record_property):
    import_mb = {step: int(told.facts(step)["peak_mb"]) for step in ("grids", "cases")}
    web_mb = {one.node: one.processes["web"].peak_mb for one in told.instances[:2]}
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    measured = {"seconds": told.seconds, "import_mb": import_mb, "web_mb": web_mb, "largest_command_mb": largest}
    for name, value in measured.items():
        record_property(name, value)
    sys.stdout.write(f"{json.dumps(measured)}\n")  # seen with pytest -s
    assert max(*import_mb.values(), *web_mb.values()) < MOST_MEMORY_MB
