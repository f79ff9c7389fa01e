"""What a dataset is: fields with type, length, obligation and code list. Plain data, made from a dictionary file.

The type notation follows GB/T 47678.7-2026 §4.8 as far as it is known: ``C(n)`` text, ``N(p,s)`` number, ``D`` date,
``DT`` moment with time zone, ``L`` true or false, ``G(...)`` geometry in CGCS2000, ``J`` JSON, ``T`` long text, ``B``
attachment. Obligation: M always, C under a condition, O optional.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

TYPE = re.compile(r"^(?P<kind>C|N|DT|D|L|G|J|T|B)(?:\((?P<inside>[^)]*)\))?$")
CONDITION = re.compile(r"^(?P<field>\w+) (?P<word>=|in|set)(?: (?P<values>.+))?$")


class Kind(StrEnum):
    """Kind of a field's value."""

    TEXT = "C"
    NUMBER = "N"
    DATE = "D"
    MOMENT = "DT"
    LOGICAL = "L"
    GEOMETRY = "G"
    JSON = "J"
    LONG_TEXT = "T"
    ATTACHMENT = "B"


class Obligation(StrEnum):
    """约束: mandatory, conditional, optional."""

    MANDATORY = "M"
    CONDITIONAL = "C"
    OPTIONAL = "O"


@dataclass(frozen=True)
class FieldType:
    """A type taken apart; ``length`` counts characters or digits, ``scale`` digits after the point."""

    kind: Kind
    length: int = 0
    scale: int = 0
    shapes: tuple[str, ...] = ()
    """Geometry types that are allowed, in capitals; empty for any."""

    @property
    def is_text(self) -> bool:
        """Whether the value is written as text, where empty text means no value."""
        return self.kind in (Kind.TEXT, Kind.LONG_TEXT)


def parse_type(text: str) -> FieldType:
    """Take a type apart. Raises ValueError that quotes it."""
    match = TYPE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no field type: write C(n), N(p,s), D, DT, L, G(...), J, T or B.")
    kind, inside = Kind(match["kind"]), match["inside"] or ""
    try:
        if kind is Kind.TEXT:
            return FieldType(kind, int(inside))
        if kind is Kind.NUMBER:
            digits, _, scale = inside.partition(",")
            return FieldType(kind, int(digits), int(scale or 0))
    except ValueError as error:
        raise ValueError(f"{text!r} needs its length: C(n) or N(p,s).") from error
    if kind is Kind.GEOMETRY and inside and inside != "ANY":
        names = tuple("LINESTRING" if name == "LINE" else name for name in inside.split("/"))
        return FieldType(kind, shapes=names)
    return FieldType(kind)


@dataclass(frozen=True)
class Condition:
    """When a conditional field must be filled: another field has one of some values, or any value."""

    field: str
    values: tuple[str, ...] = ()


def parse_condition(text: str) -> Condition:
    """``other = 1``, ``other in 1, 2`` or ``other set``. Raises ValueError."""
    match = CONDITION.match(text)
    if match is None or (match["word"] == "set") == bool(match["values"]):
        raise ValueError(f"{text!r} is no condition: write `field = value`, `field in a, b` or `field set`.")
    values = tuple(value.strip() for value in (match["values"] or "").split(",") if value.strip())
    return Condition(match["field"], values)


@dataclass(frozen=True, eq=False)
class FieldDef:
    """One field 数据项 of a dataset."""

    name: str
    cn: str
    type: str
    req: str
    abbr: str = ""
    codelist: str = ""
    note: str = ""
    when: str = ""

    def __post_init__(self) -> None:
        parse_type(self.type)
        Obligation(self.req)
        if self.when:
            parse_condition(self.when)

    @cached_property
    def parsed(self) -> FieldType:
        """The type, taken apart."""
        return parse_type(self.type)

    @property
    def is_required(self) -> bool:
        """Whether it must always be filled."""
        return self.req == Obligation.MANDATORY

    @cached_property
    def condition(self) -> Condition | None:
        """When it must be filled, if that is known exactly."""
        return parse_condition(self.when) if self.when else None


LONGITUDE = FieldDef("longitude", "经度", "N(10,7)", "O", note="CGCS2000")
LATITUDE = FieldDef("latitude", "纬度", "N(10,7)", "O", note="CGCS2000")
"""The two columns in which a file gives a point, instead of a geometry."""


@dataclass(frozen=True, eq=False)
class DatasetDef:
    """One dataset 数据集: what it is called, who sends it where and how often, and its fields."""

    code: str
    cn: str
    en: str
    fields: tuple[FieldDef, ...]
    data_class: str = ""
    origin: str = ""
    direction: str = ""
    frequency: str = ""
    basis: str = ""
    provenance: str = "designed"
    note: str = ""
    key: tuple[str, ...] = ()
    title_en: str = ""
    """What it is called in English; ``en`` is the name of a table."""

    @cached_property
    def by_name(self) -> dict[str, FieldDef]:
        """Fields by name."""
        return {field.name: field for field in self.fields}


@dataclass(frozen=True, eq=False)
class CodeListDef:
    """One code list 代码表; without items, its codes are kept elsewhere (class dictionaries)."""

    code: str
    name: str
    items: tuple[tuple[str, str], ...] = ()
    note: str = ""

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels by code."""
        return dict(self.items)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All datasets and code lists of one version of the data standard."""

    code: str
    title: str
    source: str
    provenance: str
    datasets: tuple[DatasetDef, ...]
    codelists: tuple[CodeListDef, ...]
    valid_from: str = ""
    valid_to: str | None = None
    types: str = ""
    kind: str = "datasets"
    default: bool = field(default=False)
    english: dict[str, str] = field(default_factory=dict)
    """English of words that stand in many datasets: classes of data, origins, directions, frequencies."""

    def __post_init__(self) -> None:
        known = {codelist.code for codelist in self.codelists}
        for dataset in self.datasets:
            names = {entry.name for entry in dataset.fields}
            for entry in dataset.fields:
                if entry.codelist and entry.codelist not in known:
                    raise ValueError(f"{dataset.code}.{entry.name}: there is no code list {entry.codelist}.")
                if entry.condition is not None and entry.condition.field not in names:
                    raise ValueError(f"{dataset.code}.{entry.name}: there is no field {entry.condition.field}.")

    @cached_property
    def by_code(self) -> dict[str, DatasetDef]:
        """Datasets by code."""
        return {dataset.code: dataset for dataset in self.datasets}

    @cached_property
    def lists(self) -> dict[str, CodeListDef]:
        """Code lists by code."""
        return {codelist.code: codelist for codelist in self.codelists}

    def codes(self, entry: FieldDef) -> tuple[str, ...]:
        """The codes a field may have; empty where any value may stand or the codes are kept elsewhere."""
        return tuple(code for code, _label in self.lists[entry.codelist].items) if entry.codelist else ()
