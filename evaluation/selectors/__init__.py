"""Questions about figures: values for many places at once, one value with its records, the places themselves."""

from evaluation.selectors.figures import (
    MISSED,
    Figure,
    Lineage,
    figure,
    latest_report,
    lineage,
    listed,
    missed,
    parts_listed,
    parts_of,
    records,
    table,
    with_marks,
)
from evaluation.selectors.overview import Overview, Row, overview, overview_parts
from grid.selectors.divisions import Place, ancestors_of, children_of, find_place, is_ours, may_see, places_of

__all__ = [
    "MISSED",
    "Figure",
    "Lineage",
    "Overview",
    "Place",
    "Row",
    "ancestors_of",
    "children_of",
    "figure",
    "find_place",
    "is_ours",
    "latest_report",
    "lineage",
    "listed",
    "may_see",
    "missed",
    "overview",
    "overview_parts",
    "parts_listed",
    "parts_of",
    "places_of",
    "records",
    "table",
    "with_marks",
]
