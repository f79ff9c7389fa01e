"""How statements look: cells, changes, the tones of the map."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.gis.db.models import Extent

from cityops.regions.models import Division
from grid.models import Case
from grid.performance.rules.counts import GROUND_COUNTS, SUMS, Target
from grid.performance.rules.formulas import POST_OBJECTS, FormulaSet, Indicator
from grid.performance.rules.scoring import Scored
from grid.performance.selectors.sets import name_of
from grid.performance.selectors.statement import Row, Statement, object_of
from grid.performance.selectors.words import count_name, formula_words
from grid.performance.web.asked import Wanted


@dataclass(frozen=True)
class Moved:
    """How a value moved against another period."""

    sign: str
    css: str
    text: str


def moved(now: Decimal | None, before: Decimal | None, *, is_higher_better: bool = True) -> Moved | None:
    """The change; None where one of the two has no data."""
    if now is None or before is None:
        return None
    change = now - before
    if change == 0:
        return Moved("=", "eq", "0")
    better = (change > 0) is is_higher_better
    return Moved("▲" if change > 0 else "▼", "up" if better else "down", f"{abs(change):f}")


def row_lines(wanted: Wanted, now: Statement, before: Statement, year_ago: Statement, codes: list[str]) -> list[Any]:
    """The rows of a table of some indicators; every value leads to its formula on the page of its object."""
    lines = []
    for row in now.rows:
        url = wanted.object_url(row.code)
        earlier, last_year = before.row(row.code), year_ago.row(row.code)
        lines.append(
            {
                "row": row,
                "url": url,
                "is_own": now.target is Target.AREA and row.code == (now.place.prefix or "0"),
                "is_team": now.target is Target.POST and len(row.code) > 2,
                "month": moved(row.score, earlier.score if earlier else None),
                "year": moved(row.score, last_year.score if last_year else None),
                "cells": [
                    {"value": row.values[code].shown, "url": f"{url}#{code}", "places": places_of(now.formulas, code)}
                    for code in codes
                ],
            }
        )
    return lines


def places_of(formulas: FormulaSet, code: str) -> int:
    """How many places a value shows; none for a plain count."""
    one = formulas.indicators[code]
    return one.rounding.places if one.denominator or one.is_percent else 0


def scored_codes(formulas: FormulaSet, target: Target, code: str = "") -> list[str]:
    """The indicators that make the score of objects of a kind."""
    names = POST_OBJECTS.values() if target is Target.POST and not code else [object_of(target, code)]
    return list(dict.fromkeys(part.indicator for name in names for part in formulas.objects.get(name, ())))


def heads(formulas: FormulaSet, codes: list[str]) -> list[dict[str, Any]]:
    """The heads of some indicators, with the formula as their hint."""
    found = [formulas.indicators[code] for code in codes]
    return [{"name": name_of(one), "unit": one.unit, "formula": formula_words(one.formula)} for one in found]


def inputs_of(wanted: Wanted, row: Row, indicator: Indicator) -> list[dict[str, Any]]:
    """The counts behind a value, each with its list."""
    return [count_line(wanted, row, code) for code in indicator.counts]


def count_line(wanted: Wanted, row: Row, code: str) -> dict[str, Any]:
    """One count with its name and the list that it counts; sums and the ground open none of the same length."""
    url = "" if code in GROUND_COUNTS or code not in row.counts else wanted.cases_url(row.code, code)
    return {"code": code, "name": count_name(code), "value": row.counts.get(code), "url": url, "is_sum": code in SUMS}


def part_lines(wanted: Wanted, row: Row) -> list[dict[str, Any]]:
    """How the score came about: weight, value, formula and inputs, score and points of every part."""
    return [_part_line(wanted, row, one) for one in (row.result.parts if row.result else ())]


def _part_line(wanted: Wanted, row: Row, one: Scored) -> dict[str, Any]:
    indicator = one.value.indicator
    return {
        **value_line(wanted, row, indicator),
        "weight": one.part.weight,
        "scoring": one.part.scoring.value,
        "bands": one.part.bands,
        "score": None if one.score is None else one.score.quantize(Decimal("0.01")),
        "points": None if one.points is None else one.points.quantize(Decimal("0.01")),
    }


def value_line(wanted: Wanted, row: Row, indicator: Indicator) -> dict[str, Any]:
    """A value with its formula and inputs."""
    return {
        "code": indicator.code,
        "name": name_of(indicator),
        "unit": indicator.unit,
        "value": row.values[indicator.code].text,
        "formula": formula_words(indicator.formula),
        "inputs": inputs_of(wanted, row, indicator),
    }


def map_values(wanted: Wanted, shown: Statement) -> dict[str, dict[str, Any]]:
    """How the map shows the parts: the tone of the grade, its letter beside the name."""
    rows = {row.division_code: row for row in shown.rows if row.code != (shown.place.prefix or "0")}
    centres = Division.objects.current().filter(code__in=rows).values_list("code", "center")
    at = {code: [round(c.x, 5), round(c.y, 5)] for code, c in centres if c}
    return {
        code: {
            "tone": f"grade{row.grade}" if row.grade else "own",
            "light": "none",
            "name": f"{row.name} {row.grade or '—'}",
            "at": at.get(code),
            "url": wanted.object_url(row.code),
        }
        for code, row in rows.items()
    }


def map_bounds(shown: Statement) -> Any:
    """The extent of the parts on the map: all of them, not only where grids are drawn; None without outlines."""
    codes = [row.division_code for row in shown.rows]
    return Division.objects.current().filter(code__in=codes).aggregate(extent=Extent("boundary"))["extent"]


def case_lines(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Cases, or steps with their cases, as lines of one shape."""
    return [{"case": one, "step": None} if isinstance(one, Case) else {"case": one.case, "step": one} for one in found]
