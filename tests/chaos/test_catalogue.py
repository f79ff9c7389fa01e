"""Every row of the fault matrix has something that shows it, and what is named exists."""

import ast
from pathlib import Path

import pytest

from tests.chaos import processes, proxy, restores
from tests.chaos.catalogue import ROWS
from tests.chaos.directed import SCENARIOS
from tests.chaos.mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
assert restores


def test_the_rows_are_those_of_the_matrix_each_once():
    assert [row.number for row in ROWS] == list(range(1, 48))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"F{row.number}")
def test_what_a_row_names_exists(row):
    assert row.scenarios or row.tests or row.processes or row.missing
    for name in row.scenarios:
        assert name.startswith(f"f{row.number:02d}_")
        assert name in SCENARIOS
    for name in row.processes:
        assert name in proxy.MODES or hasattr(processes, name)
    for place in row.tests:
        file, _, name = place.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, place


def test_every_scenario_stands_in_a_row():
    assert {name for row in ROWS for name in row.scenarios} == set(SCENARIOS)


def test_every_mutant_has_a_scenario():
    assert {mutant.scenario for mutant in MUTANTS} <= set(SCENARIOS)
