"""Dictionary files: the ones that come with the product, and how one is read.

A file is JSON with ``kind`` (datasets, classes, rules), ``code``, ``title``, ``source``, ``provenance``,
``valid_from``, ``valid_to``, ``default``, and its content. docs/standard.md shows each form.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cityops.foundation.errors import InvalidInput
from sync.standard.rules.definitions import Catalogue

DATA = Path(__file__).parent / "data"
HEAD = ("code", "title", "source", "provenance", "valid_from")
CONTENT = {"datasets": ("datasets", "codelists"), "classes": ("classes",), "rules": ("rules",)}


class ClassItem(msgspec.Struct, forbid_unknown_fields=True):
    """One class of a class file."""

    kind: str
    code: str
    name: str
    big_code: str
    name_en: str = ""
    big_name: str = ""
    big_name_en: str = ""
    std_code: str = ""
    component_code: str = ""
    provenance: str = ""
    is_extension: bool = False
    valid: bool = True


class RuleItem(msgspec.Struct, forbid_unknown_fields=True):
    """One filing condition of a rule file; ``limit`` counts in ``unit``."""

    kind: str
    class_code: str
    class_name: str
    condition_no: int
    filing: str
    level: str
    matter_codes: list[str] = []
    filing_en: str = ""
    closing: str = ""
    closing_en: str = ""
    limit: float | None = None
    unit: str = ""
    source: str = ""


@dataclass(frozen=True)
class DictionaryFile:
    """A file that was read: its head, its content, and the hash it is known by."""

    head: dict[str, Any]
    content: dict[str, Any]
    sha: bytes

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
        return _converted(self.content["classes"], list[ClassItem], self.code)

    @property
    def rules(self) -> list[RuleItem]:
        """The rules of a rule file."""
        return _converted(self.content["rules"], list[RuleItem], self.code)

    @property
    def catalogue(self) -> Catalogue:
        """The datasets and code lists of a dataset file."""
        return as_catalogue(self.head, self.content)


def _converted(value: Any, wanted: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{where}: {error}. Correct the file and load it again.", file=where) from error


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
    content = {key: loaded.pop(key) for key in CONTENT[kind]}
    canonical = msgspec.json.encode({**loaded, **content}, order="deterministic")
    return DictionaryFile(loaded, content, hashlib.sha256(canonical).digest())


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
