"""What every page template keeps to."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [
    path
    for app in ("platform/cityops", "sync", "grid", "evaluation")
    for path in sorted((ROOT / app).rglob("templates/**/*.html"))
]
PAGED = [path for path in TEMPLATES if "{% pagination page %}" in path.read_text()]


@pytest.mark.parametrize("path", PAGED, ids=lambda path: path.name)
def test_pages_and_heads_of_a_list_replace_the_results_alone(path):
    """Page links and heads inherit from ``{% live %}`` what they replace: without it they would replace themselves."""
    text = path.read_text()
    assert 'id="results"' in text
    held = path.parent.parent / "case_list.html" if path.name == "case_results.html" else path
    assert "{% live %}" in held.read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_brings_no_style_or_script_of_its_own(path):
    text = path.read_text()
    assert " style=" not in text
    assert "<script>" not in text
    assert " onclick" not in text
