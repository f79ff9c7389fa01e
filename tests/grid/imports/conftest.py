"""What the tests of imports share: a small city, and one way to run an import."""

from pathlib import Path

import pytest

from cityops.accounts.models import User
from grid.models import ImportRun
from grid.services.imports.runs import ImportRefused, begin_run, execute_run
from tests.factories import grid as ground
from tests.factories.ground import COVER
from tests.factories.people import division


@pytest.fixture
def city(db):
    """A city with a county, one community, one grid, a matter and a manhole cover."""
    ground.city()
    division("330102000000", name="测试区")
    ground.unit_grid()
    ground.class_entry()
    ground.class_entry(COVER, kind="1", name="供水井盖")


@pytest.fixture
def run_import():
    """Import a file and give back its run, whether it was taken or refused."""

    def run(kind: str, path: Path, mapping: str, *, user: User | None = None, **options) -> ImportRun:
        begun = begin_run(kind, path, mapping=mapping, options=options, user=user)
        try:
            return execute_run(begun, path)
        except ImportRefused as refused:
            return refused.run

    return run


@pytest.fixture
def faults():
    """The (row, rule) pairs of a run's fatal faults."""

    def found(run: ImportRun) -> list[tuple[int, str]]:
        return sorted(run.issues.filter(is_fatal=True).values_list("row_no", "code"))

    return found
