"""A formula set 公式集 as data: from base counts to indicators, scores and grades.

A set is a JSON document with a code and a version; several stand side by side, and every result names the one it was
made by. ``read_set`` checks a document completely and lists every fault it has, so that an operator mends it in one go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from grid.performance.rules.counts import COUNTS
from grid.performance.rules.expressions import InvalidExpression, names_in

OBJECTS = ("area", "department", "collector", "acceptor", "duty_leader", "dispatcher", "complaint")
"""What a set may compose a score for; ``complaint`` is a scene that a city scores by itself, from inputs it gives."""
POST_OBJECTS = {"01": "collector", "02": "acceptor", "03": "duty_leader", "04": "dispatcher"}
"""Post (CL_ROLE) → its composition in a set."""
ROUNDINGS = {"half_up": ROUND_HALF_UP, "down": ROUND_DOWN}
GRADES = ("A", "B", "C", "D", "E")
COLOURS = ("green", "blue", "yellow", "orange", "red")
"""Colours of the grades; the standard's own were not seen, these are a suggestion (domain notes §6.4)."""
PROVENANCES = ("A", "A-", "B", "C", "designed", "local")
"""How far the origin of a set is known; ``local`` is a city's own decision."""
WHOLE = Decimal(100)
KEY_LENGTH = 20
"""Characters of code, dash and version together: GL05 carries them."""


class Scoring(StrEnum):
    """How a value becomes a score of 0 to 100."""

    RATIO = "ratio"
    INVERSE = "inverse"
    BANDS = "bands"
    POINTS = "points"


@dataclass(frozen=True)
class Rounding:
    """How a value is shown: places after the point, half rounded up or cut off."""

    places: int = 2
    mode: str = "half_up"

    def apply(self, value: Decimal) -> Decimal:
        """The value as it is shown."""
        return value.quantize(Decimal(1).scaleb(-self.places), ROUNDINGS[self.mode])


@dataclass(frozen=True)
class Indicator:
    """One indicator: its formula over base counts, its unit and its rounding."""

    code: str
    name: str
    name_en: str
    unit: str
    numerator: str
    denominator: str
    rounding: Rounding
    is_higher_better: bool = True

    @property
    def is_percent(self) -> bool:
        """Whether the value runs from 0 to 100."""
        return self.unit == "%"

    @property
    def formula(self) -> str:
        """The formula with the codes of the counts."""
        return self.numerator if not self.denominator else f"({self.numerator}) / ({self.denominator})"

    @property
    def counts(self) -> list[str]:
        """The base counts it asks for, those of the numerator first."""
        below = names_in(self.denominator) if self.denominator else []
        return list(dict.fromkeys([*names_in(self.numerator), *below]))


@dataclass(frozen=True)
class Band:
    """A step of a count score: values up to ``upto`` (or below ``below``, or from ``least`` on) score ``score``."""

    score: Decimal
    upto: Decimal | None = None
    below: Decimal | None = None
    least: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        """Whether the value falls into the band; bands are asked in their order."""
        if self.upto is not None:
            return value <= self.upto
        if self.below is not None:
            return value < self.below
        return self.least is None or value >= self.least


@dataclass(frozen=True)
class Part:
    """One part of a composition: an indicator, its weight, and how its value scores."""

    indicator: str
    weight: Decimal
    scoring: Scoring
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class Grade:
    """A grade: from which score on, and its colour on the map."""

    letter: str
    least: Decimal
    colour: str


@dataclass(frozen=True)
class FormulaSet:
    """A set, checked."""

    code: str
    version: str
    title: str
    source: str
    provenance: str
    indicators: dict[str, Indicator]
    objects: dict[str, tuple[Part, ...]]
    honesty: tuple[str, ...]
    grades: tuple[Grade, ...]
    inputs: tuple[str, ...] = ()
    """Names of what a city gives by itself, for the scene ``complaint``."""
    note: str = ""
    document: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> str:
        """Code and version, as results name it."""
        return f"{self.code}-{self.version}"

    def grade_of(self, score: Decimal | None) -> Grade | None:
        """The grade of a score; None without one."""
        return None if score is None else next((grade for grade in self.grades if score >= grade.least), None)


@dataclass(frozen=True)
class Fault:
    """One fault of a document: where, which rule, and the value that breaks it."""

    place: str
    rule: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.rule} {self.value}".strip()


class InvalidSet(ValueError):
    """A document that is no formula set; ``faults`` are all of its faults."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


class _Reader:
    """Reads a document and collects its faults."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.faults: list[Fault] = []

    def fault(self, place: str, rule: str, value: object = "") -> None:
        self.faults.append(Fault(place, rule, str(value)[:80]))

    def text(self, source: Mapping[str, Any], name: str, place: str, *, needed: bool = True) -> str:
        value = source.get(name, "")
        if not isinstance(value, str) or (needed and not value.strip()):
            self.fault(f"{place}.{name}", "text_needed", value)
            return ""
        return value.strip()

    def number(self, value: Any, place: str) -> Decimal:
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            found = Decimal("NaN")
        if isinstance(value, bool) or not found.is_finite():
            self.fault(place, "number_needed", value)
            return Decimal(0)
        return found

    def items(self, source: Mapping[str, Any], name: str, place: str) -> list[Mapping[str, Any]]:
        found = source.get(name, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            self.fault(f"{place}{name}", "list_needed")
            return []
        return found

    def rounding(self, source: Any, place: str, default: Rounding) -> Rounding:
        if source is None:
            return default
        mode = source.get("mode", "half_up") if isinstance(source, dict) else None
        places = source.get("places", 2) if isinstance(source, dict) else None
        if mode not in ROUNDINGS or type(places) is not int or not 0 <= places <= 4:
            self.fault(place, "rounding", source)
            return default
        return Rounding(places, mode)

    def expression(self, text: str, place: str, known: frozenset[str]) -> str:
        try:
            unknown = [name for name in names_in(text) if name not in known]
        except InvalidExpression as error:
            self.fault(place, f"expression_{error.fault}", text)
            return "0"
        for name in unknown:
            self.fault(place, "unknown_count", name)
        return text

    def indicators(self, known: frozenset[str]) -> Iterator[Indicator]:
        default = self.rounding(self.document.get("rounding"), "rounding", Rounding())
        for number, source in enumerate(self.items(self.document, "indicators", "")):
            place = f"indicators[{number}]"
            denominator = self.text(source, "denominator", place, needed=False)
            one = Indicator(
                code=self.text(source, "code", place),
                name=self.text(source, "name", place),
                name_en=self.text(source, "name_en", place),
                unit=self.text(source, "unit", place, needed=False),
                numerator=self.expression(self.text(source, "numerator", place), f"{place}.numerator", known),
                denominator=self.expression(denominator, f"{place}.denominator", known) if denominator else "",
                rounding=self.rounding(source.get("rounding"), f"{place}.rounding", default),
                is_higher_better=source.get("better", "higher") == "higher",
            )
            self._scale(one, place)
            yield one

    def _scale(self, one: Indicator, place: str) -> None:
        """A percentage is a quotient times a hundred, made here: no formula multiplies by itself."""
        if one.is_percent and not one.denominator:
            self.fault(place, "percent_needs_denominator", one.code)
        if one.is_percent and "100" in one.numerator.replace("*", " ").split():
            self.fault(place, "mixed_scale", one.numerator)

    def parts(self, name: str, sources: Any, known: Mapping[str, Indicator]) -> tuple[Part, ...]:
        place = f"objects.{name}"
        parts = [
            self._part(source, f"{place}[{n}]", known)
            for n, source in enumerate(self.items({"x": sources}, "x", place))
        ]
        total = sum((part.weight for part in parts), Decimal(0))
        if total != WHOLE:
            self.fault(place, "weights_sum", total)
        for twice in {part.indicator for part in parts if [p.indicator for p in parts].count(part.indicator) > 1}:
            if len([p for p in parts if p.indicator == twice and p.scoring is not Scoring.BANDS]) > 1:
                self.fault(place, "indicator_twice", twice)
        return tuple(parts)

    def _part(self, source: Mapping[str, Any], place: str, known: Mapping[str, Indicator]) -> Part:
        code = self.text(source, "indicator", place)
        one = known.get(code)
        if one is None:
            self.fault(place, "unknown_indicator", code)
        weight = self.number(source.get("weight"), f"{place}.weight")
        if not 0 < weight <= WHOLE:
            self.fault(f"{place}.weight", "weight_between", weight)
        scoring = source.get("score")
        if scoring not in set(Scoring):
            self.fault(place, "scoring", scoring)
            scoring = Scoring.RATIO
        if one and scoring in (Scoring.RATIO, Scoring.INVERSE) and not one.is_percent:
            self.fault(place, "percent_needed", code)
        bands = tuple(self._bands(source, place)) if scoring == Scoring.BANDS else ()
        return Part(code, weight, Scoring(scoring), bands)

    def _bands(self, source: Mapping[str, Any], place: str) -> Iterator[Band]:
        found = self.items(source, "bands", f"{place}.")
        if not found or set(found[-1]) != {"score"}:
            self.fault(f"{place}.bands", "last_band_open")
        for number, band in enumerate(found):
            where = f"{place}.bands[{number}]"
            limits = {name: self.number(band[name], where) for name in ("upto", "below", "least") if name in band}
            if len(limits) > 1 or (not limits and number < len(found) - 1):
                self.fault(where, "one_limit")
                limits = {}
            score = self.number(band.get("score"), f"{where}.score")
            if not 0 <= score <= WHOLE:
                self.fault(f"{where}.score", "score_between", score)
            yield Band(score, **limits)

    def grades(self) -> tuple[Grade, ...]:
        found = []
        for number, source in enumerate(self.items(self.document, "grades", "")):
            place = f"grades[{number}]"
            letter, colour = self.text(source, "grade", place), self.text(source, "colour", place)
            if letter not in GRADES or colour not in COLOURS:
                self.fault(place, "grade", f"{letter} {colour}")
            found.append(Grade(letter, self.number(source.get("from"), f"{place}.from"), colour))
        lows = [grade.least for grade in found]
        if not found or lows != sorted(lows, reverse=True) or len(set(lows)) != len(lows) or lows[-1] != 0:
            self.fault("grades", "grades_falling_to_zero")
        return tuple(found)


def read_set(document: Any) -> FormulaSet:
    """A document as a formula set. Raises InvalidSet with every fault it has."""
    if not isinstance(document, dict):
        raise InvalidSet([Fault("", "document_needed")])
    reader = _Reader(document)
    inputs = document.get("inputs", [])
    if not isinstance(inputs, list) or not all(isinstance(name, str) and name.isidentifier() for name in inputs):
        reader.fault("inputs", "list_needed")
        inputs = []
    listed = list(reader.indicators(frozenset([*COUNTS, *inputs])))
    indicators = {one.code: one for one in listed}
    if len(indicators) != len(listed):
        reader.fault("indicators", "code_twice")
    found = FormulaSet(
        code=reader.text(document, "code", ""),
        version=reader.text(document, "version", ""),
        title=reader.text(document, "title", ""),
        source=reader.text(document, "source", ""),
        provenance=reader.text(document, "provenance", ""),
        indicators=indicators,
        objects=_objects(reader, document, indicators),
        honesty=_honesty(reader, document, indicators),
        grades=reader.grades(),
        inputs=tuple(inputs),
        note=reader.text(document, "note", "", needed=False),
        document=document,
    )
    if found.provenance not in PROVENANCES:
        reader.fault("provenance", "provenance", found.provenance)
    if (
        not found.key.isascii()
        or len(found.key) > KEY_LENGTH
        or not found.key.replace(".", "").replace("-", "").isalnum()
    ):
        reader.fault("code", "key", found.key)
    if reader.faults:
        raise InvalidSet(reader.faults)
    return found


def _objects(
    reader: _Reader, document: Mapping[str, Any], known: Mapping[str, Indicator]
) -> dict[str, tuple[Part, ...]]:
    sources = document.get("objects", {})
    if not isinstance(sources, dict) or not sources:
        reader.fault("objects", "objects_needed")
        return {}
    for name in set(sources) - set(OBJECTS):
        reader.fault("objects", "unknown_object", name)
    return {name: reader.parts(name, parts, known) for name, parts in sources.items() if name in OBJECTS}


def _honesty(reader: _Reader, document: Mapping[str, Any], known: Mapping[str, Indicator]) -> tuple[str, ...]:
    codes = document.get("honesty", [])
    if not isinstance(codes, list):
        reader.fault("honesty", "list_needed")
        return ()
    for code in codes:
        if code not in known:
            reader.fault("honesty", "unknown_indicator", code)
    return tuple(codes)
