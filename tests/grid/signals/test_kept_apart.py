"""Signals never reach the figures by which anybody is evaluated."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def imports_of(folder: str) -> set[str]:
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    return found


def test_performance_and_figures_know_no_signals():
    for folder in ("grid/performance", "evaluation", "sync"):
        assert not [name for name in imports_of(folder) if name.startswith("grid.signals")]
        for path in (ROOT / folder).rglob("*.py"):
            assert "signals_signal" not in path.read_text(encoding="utf-8")


def test_the_walk_sees_imports():
    assert "grid.signals.models" in imports_of("grid/signals")
