"""Dictionary files: the ones that come with the product, and how one is read.

A file is JSON with ``kind`` (datasets, classes, rules), ``code``, ``title``, ``source``, ``provenance``,
``valid_from``, ``valid_to``, ``default``, and its content. docs/standard.md shows each form.
"""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from cityops.foundation.errors import InvalidInput
from sync.standard.rules.definitions import Catalogue

DATA = Path(__file__).parent / "data"
CONTENT = {"datasets": ("datasets", "codelists"), "classes": ("classes",), "rules": ("rules",)}
LONGEST_CLASS_VERSION = 20
"""Characters of the code of a class standard: every case and component carries it."""
_ROW = re.compile(r"(?: - at )?`\$(?:\.\w+)?\[(?P<row>\d+)\](?:\.(?P<field>\w+))?[^`]*`")
Mark = Literal["standard", "transcribed", "municipal", "designed"]
"""Where something comes from; the model's ``Provenance`` has the words."""


ClassCode = Annotated[str, msgspec.Meta(min_length=1, max_length=5)]
OtherCode = Annotated[str, msgspec.Meta(max_length=5)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Head(msgspec.Struct):
    """What every file says of itself; other keys are kept as they are."""

    code: Name
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    provenance: Mark
    valid_from: dt.date
    valid_to: dt.date | None = None
    default: bool = False

    def __post_init__(self) -> None:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("`valid_to` lies before `valid_from`")


class ClassItem(msgspec.Struct, forbid_unknown_fields=True):
    """One class of a class file."""

    kind: Literal["1", "2"]
    code: ClassCode
    name: Name
    big_code: Annotated[str, msgspec.Meta(min_length=1, max_length=2)]
    name_en: Annotated[str, msgspec.Meta(max_length=120)] = ""
    big_name: Annotated[str, msgspec.Meta(max_length=40)] = ""
    big_name_en: str = ""
    std_code: OtherCode = ""
    component_code: OtherCode = ""
    provenance: Literal["", "standard", "transcribed", "municipal", "designed"] = ""
    is_extension: bool = False
    valid: bool = True


LimitValue = Annotated[float, msgspec.Meta(gt=0, lt=100_000)] | None
LimitUnit = Literal["", "urgent_hour", "urgent_day", "work_hour", "work_day", "minute"]


class RuleItem(msgspec.Struct, forbid_unknown_fields=True):
    """One filing condition of a rule file; ``limit`` counts in ``unit``.

    ``limit_a`` and ``limit_c`` are those of the classes of area A and C, where they differ.
    """

    kind: Literal["1", "2"]
    class_code: ClassCode
    class_name: Name
    condition_no: Annotated[int, msgspec.Meta(ge=1, le=32_767)]
    filing: Text
    level: Literal["urgent", "ordinary", "relaxed", "stage-1", "stage-2", "stage-3"]
    matter_codes: list[ClassCode] = []
    filing_en: str = ""
    closing: str = ""
    closing_en: str = ""
    limit: LimitValue = None
    unit: LimitUnit = ""
    limit_a: LimitValue = None
    unit_a: LimitUnit = ""
    limit_c: LimitValue = None
    unit_c: LimitUnit = ""
    source: Annotated[str, msgspec.Meta(max_length=200)] = ""

    def __post_init__(self) -> None:
        for end in ("", "_a", "_c"):
            limit, unit = getattr(self, f"limit{end}"), getattr(self, f"unit{end}")
            if (limit is None) != (not unit):
                raise ValueError(f"`limit{end}` and `unit{end}` stand together")
            if limit is not None and round(limit, 1) != limit:
                raise ValueError(f"`limit{end}` has one digit after the point at most")
            if limit is not None and self.limit is None:
                raise ValueError(f"`limit{end}` needs a `limit` for the other areas")


@dataclass(frozen=True)
class DictionaryFile:
    """A file that was read: its head, its content, and the hash it is known by."""

    head: dict[str, Any]
    content: dict[str, Any]
    sha: bytes
    where: str
    """The file, for messages."""

    @property
    def kind(self) -> str:
        """datasets, classes or rules."""
        return str(self.head["kind"])

    @property
    def code(self) -> str:
        """The version's code."""
        return str(self.head["code"])

    @property
    def classes(self) -> list[ClassItem]:
        """The classes of a class file."""
        return _converted(self.content["classes"], list[ClassItem], f"{self.where} classes")

    @property
    def rules(self) -> list[RuleItem]:
        """The rules of a rule file."""
        return _converted(self.content["rules"], list[RuleItem], f"{self.where} rules")

    @property
    def catalogue(self) -> Catalogue:
        """The datasets and code lists of a dataset file."""
        return _converted({**self.head, **self.content}, Catalogue, self.where)


def _converted(value: Any, wanted: Any, where: str) -> Any:
    """``value`` as what is wanted. Raises InvalidInput that names the file, and in a list the row and the field."""
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        told, place = str(error), ""
        if isinstance(value, list) and (found := _ROW.search(told)):
            place = f" row {int(found['row']) + 1}" + (f", `{found['field']}`" if found["field"] else "")
            told = _ROW.sub("", told)
        raise InvalidInput(f"{where}{place}: {told}. Correct the file and load it again.", file=where) from error


def as_catalogue(head: dict[str, Any], content: dict[str, Any]) -> Catalogue:
    """Definitions from what a file or the database holds. Raises InvalidInput that names the place."""
    return _converted({**head, **content}, Catalogue, str(head.get("code")))


def parse_file(data: bytes, where: str) -> DictionaryFile:
    """Read one dictionary file. Raises InvalidInput: no JSON, unknown kind, missing head or content."""
    try:
        loaded = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{where} is no JSON dictionary file: {error}. Save it as UTF-8 JSON.", file=where
        ) from error
    kind = loaded.get("kind")
    if kind not in CONTENT:
        raise InvalidInput(f"{where}: `kind` is {kind!r}; write one of {', '.join(CONTENT)}.", file=where)
    missing = [
        key for key in ("code", "title", "source", "provenance", "valid_from", *CONTENT[kind]) if key not in loaded
    ]
    if missing:
        raise InvalidInput(f"{where}: {', '.join(missing)} missing.", file=where)
    for key in ("valid_from", "valid_to"):
        try:
            _ = loaded.get(key) and dt.date.fromisoformat(loaded[key])
        except (TypeError, ValueError) as error:
            raise InvalidInput(
                f"{where}: `{key}` is {loaded[key]!r}; write a date as 2026-07-01.", file=where
            ) from error
    head: Head = _converted(loaded, Head, where)
    if kind == "classes" and len(head.code) > LONGEST_CLASS_VERSION:
        raise InvalidInput(
            f"{where}: `code` has {len(head.code)} characters; a class standard has at most {LONGEST_CLASS_VERSION}.",
            file=where,
        )
    content = {key: loaded.pop(key) for key in CONTENT[kind]}
    canonical = msgspec.json.encode({**loaded, **content}, order="deterministic")
    return DictionaryFile(loaded, content, hashlib.sha256(canonical).digest(), where)


def read_file(path: Path) -> DictionaryFile:
    """Read one dictionary file from disk. Raises InvalidInput."""
    try:
        return parse_file(path.read_bytes(), str(path))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", file=str(path)) from error


def shipped_files() -> list[Path]:
    """The files that come with the product."""
    return sorted(DATA.glob("*/*.json"))


@cache
def shipped_catalogue() -> Catalogue:
    """Datasets and code lists as the product's models were made for them; needs no database."""
    return read_file(DATA / "datasets" / "cityops-2026.1.json").catalogue
