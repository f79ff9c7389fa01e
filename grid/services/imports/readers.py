"""Reading foreign files row by row: CSV (UTF-8, GB18030), xlsx, GeoJSON, each also as .gz. Never a whole file at once.

A row is its number (as a person finds it in the file), its values as text by column, and for GeoJSON its geometry.
"""

import codecs
import csv
import datetime as dt
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext as _

from grid.services.imports.bounds import ENCODINGS, MOST_COLUMNS, MOST_ROWS, Unpacked, check_workbook
from grid.services.imports.faults import FileRefused
from grid.services.imports.mapping import Mapping

FORMATS = ("csv", "xlsx", "geojson")
SUFFIXES = {".csv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".geojson": "geojson", ".json": "geojson"}
_SNIFF = 1 << 20
"""Bytes read at a time to find the encoding."""
_CHUNK = 1 << 16
MAX_EXACT = 10**15
"""From here on a spreadsheet's numbers are not exact."""
_BROKEN_BOOK = (ParseError, KeyError, ValueError, TypeError, IndexError)
"""What the reader of workbooks meets in one that was not written by a spreadsheet."""
_MAX_FIELD = 1 << 20
_MAX_FEATURE = 64 << 20
"""A single GeoJSON feature beyond this many characters is not one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file."""

    number: int
    values: dict[str, str]
    geometry: dict[str, Any] | None = None


def format_of(name: str, mapping: Mapping) -> str:
    """csv, xlsx or geojson: what the mapping says, or the file's name. Raises FileRefused for anything else."""
    path = Path(name[:-3] if name.lower().endswith(".gz") else name)
    found = mapping.format or SUFFIXES.get(path.suffix.lower(), "")
    if found not in FORMATS:
        raise FileRefused(
            _("不支持文件“%(name)s”的类型；可导入 CSV、xlsx 和 GeoJSON(可用 gzip 压缩)。") % {"name": path.name}
        )
    return found


def read_heads(path: Path, mapping: Mapping, *, name: str = "") -> list[str]:
    """The heads of a file's columns; of GeoJSON the properties of all its features. Raises FileRefused."""
    heads: list[str] = []
    stands_first = format_of(name or path.name, mapping) != "geojson"
    with closing(read_rows(path, mapping, name=name, heads=heads)) as rows:
        for _row in rows:
            if stands_first:
                break
    return heads


def read_rows(path: Path, mapping: Mapping, *, name: str = "", heads: list[str] | None = None) -> Generator[Row]:
    """The rows of a file. Raises FileRefused where the file is not what it says, or lacks a column of the mapping.

    ``heads`` is filled with the heads of its columns.
    """
    heads = [] if heads is None else heads
    kind = format_of(name or path.name, mapping)
    with _opened(path) as stream:
        try:
            if kind == "csv":
                yield from _csv_rows(stream, mapping, heads)
            elif kind == "xlsx":
                yield from _xlsx_rows(stream, mapping, heads)
            else:
                yield from _geojson_rows(stream, mapping, heads)
        except (gzip.BadGzipFile, EOFError, zipfile.BadZipFile, zlib.error, RecursionError) as error:
            raise FileRefused(_("文件已损坏或不完整：%(error)s") % {"error": error}) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if packed:
            with Unpacked(fileobj=raw, mode="rb") as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            yield raw


def encoding_of(stream: IO[bytes]) -> str:
    """utf-8-sig or gb18030, by which of them can read the whole file. Raises FileRefused for neither."""
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8-sig", "gb18030")}
    while decoders:
        chunk = stream.read(_SNIFF)
        for name in list(decoders):
            try:
                decoders[name].decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                del decoders[name]
        if not chunk and decoders:
            return next(iter(decoders))
    raise FileRefused(_("无法识别文件的字符编码；请另存为 UTF-8 或 GB18030。"))


def _text(stream: IO[bytes], mapping: Mapping) -> io.TextIOWrapper:
    encoding = mapping.encoding
    if not encoding:
        encoding = encoding_of(stream)
        stream.seek(0)
    if encoding.lower().replace("_", "-") not in ENCODINGS:
        raise FileRefused(_("没有名为 %(name)s 的字符编码。") % {"name": encoding})
    return io.TextIOWrapper(stream, encoding=encoding, newline="")


def _need_columns(found: list[str], mapping: Mapping, heads: list[str]) -> None:
    heads += found
    if lost := sorted(mapping.file_columns - set(found)):
        raise FileRefused(
            _("文件缺少列 %(lost)s。文件中的列为 %(found)s；请补上该列，或在映射文件中改正列名。")
            % {"lost": "、".join(lost), "found": "、".join(found[:40])},
            columns=lost,
        )
    if twice := sorted(name for name in mapping.file_columns if found.count(name) > 1):
        raise FileRefused(
            _("文件中列名 %(twice)s 出现不止一次；请给每列不同的名称，以免读错列。") % {"twice": "、".join(twice)},
            columns=twice,
        )


def _csv_rows(stream: IO[bytes], mapping: Mapping, heads: list[str]) -> Iterator[Row]:
    csv.field_size_limit(_MAX_FIELD)
    with _text(stream, mapping) as text:
        reader = csv.reader(text, delimiter=mapping.delimiter or ",", strict=True)
        try:
            yield from _records(reader, mapping, heads)
        except csv.Error as error:
            raise FileRefused(
                _("第 %(row)s 行不是有效的 CSV：%(error)s") % {"row": reader.line_num, "error": error},
                row=reader.line_num,
            ) from error
        except UnicodeDecodeError as error:
            raise FileRefused(
                _("第 %(row)s 行之后含有无法解码的字节；请另存为 UTF-8 或 GB18030。") % {"row": reader.line_num}
            ) from error


def _records(reader: Any, mapping: Mapping, heads: list[str]) -> Iterator[Row]:
    header = [name.strip() for name in next(reader, [])]
    _need_columns(header, mapping, heads)
    for values in reader:
        if not values:
            continue
        if len(values) != len(header):
            raise FileRefused(
                _("第 %(row)s 行有 %(found)s 列，表头有 %(width)s 列；请检查引号和分隔符。")
                % {"row": reader.line_num, "found": len(values), "width": len(header)},
                row=reader.line_num,
            )
        yield Row(reader.line_num, dict(zip(header, map(str.strip, values), strict=True)))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return str(value).strip()


def _no_lost_digits(number: int, header: list[str], values: tuple[Any, ...]) -> None:
    """A long code in a number cell has lost its last digits. Raises FileRefused, naming the cell."""
    for name, value in zip(header, values, strict=False):
        if isinstance(value, int | float) and abs(value) >= MAX_EXACT:
            raise FileRefused(
                _("第 %(row)s 行“%(column)s”列是数字格式，超过 15 位的编码已丢失末位；请把该列改为文本格式并重填。")
                % {"row": number, "column": name},
                row=number,
            )


def _xlsx_rows(stream: IO[bytes], mapping: Mapping, heads: list[str]) -> Iterator[Row]:
    try:
        check_workbook(stream)
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except (*_BROKEN_BOOK, zipfile.BadZipFile, OSError) as error:
        raise FileRefused(_("文件不是有效的 xlsx 工作簿。")) from error
    try:
        if mapping.sheet and mapping.sheet not in book.sheetnames:
            raise FileRefused(
                _("工作簿中没有工作表“%(sheet)s”；现有 %(found)s。")
                % {"sheet": mapping.sheet, "found": "、".join(book.sheetnames)}
            )
        sheet = book[mapping.sheet] if mapping.sheet else book.worksheets[0]
        cells = _sheet_cells(sheet)
        header = [_cell(value) for value in next(cells, ())[:MOST_COLUMNS]]
        _need_columns(header, mapping, heads)
        for number, values in enumerate(cells, 2):
            if values.count(None) == len(values):
                continue
            texts = [_cell(value) for value in values[: len(header)]]
            _no_lost_digits(number, header, values)
            if any(texts):
                yield Row(number, dict(zip(header, texts, strict=False)))
    finally:
        book.close()


def _sheet_cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet. Raises FileRefused for a broken one, or one with more rows than a sheet has."""
    try:
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > MOST_ROWS:
                raise FileRefused(_("工作表超过 %(most)s 行。") % {"most": MOST_ROWS}, row=number)
            yield values
    except _BROKEN_BOOK as error:
        raise FileRefused(_("文件不是有效的 xlsx 工作簿。")) from error


def _geojson_rows(stream: IO[bytes], mapping: Mapping, heads: list[str]) -> Iterator[Row]:
    """A feature may leave out a property that others have; a column that none of them has is missing."""
    seen: dict[str, None] = {}
    with _text(stream, mapping) as text:
        for number, feature in enumerate(_features(text), 1):
            properties = feature.get("properties") or {}
            if not isinstance(properties, dict):
                raise _no_feature(number, type(properties).__name__)
            values = {str(key): _cell(value) for key, value in properties.items()}
            if len(heads) < MOST_COLUMNS:
                heads += [name for name in values if name not in seen]
                seen.update(dict.fromkeys(values))
            yield Row(number, values, feature.get("geometry"))
    if seen:
        _need_columns(list(seen), mapping, [])


def _no_feature(number: int, why: object) -> FileRefused:
    return FileRefused(_("第 %(row)s 个要素不是有效的 GeoJSON：%(error)s") % {"row": number, "error": why}, row=number)


def _features(text: io.TextIOWrapper) -> Iterator[dict[str, Any]]:
    """The features of a collection, one by one, with no more than one of them in memory."""
    buffer = _FeatureBuffer(text)
    buffer.find_features()
    while (feature := buffer.next_feature()) is not None:
        yield feature


class _FeatureBuffer:
    """A window on the text of a FeatureCollection, from which whole features are taken."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._window = ""
        self._decoder = json.JSONDecoder()
        self._count = 0

    def _more(self) -> bool:
        chunk = self._text.read(max(_CHUNK, len(self._window)))
        self._window += chunk
        return bool(chunk)

    def find_features(self) -> None:
        """Move to the first feature. Raises FileRefused where there is no ``features`` array."""
        while True:
            at = self._window.find('"features"')
            start = self._window.find("[", at) if at >= 0 else -1
            if start >= 0:
                self._window = self._window[start + 1 :]
                return
            if len(self._window) > _MAX_FEATURE or not self._more():
                raise FileRefused(_("文件不是 GeoJSON 要素集合(FeatureCollection)。"))

    def next_feature(self) -> dict[str, Any] | None:
        """The next feature, or None after the last. Raises FileRefused for broken JSON."""
        while True:
            self._window = self._window.lstrip(" \t\r\n,")
            if self._window.startswith("]"):
                return None
            try:
                feature, end = self._decoder.raw_decode(self._window)
            except json.JSONDecodeError as error:
                if len(self._window) > _MAX_FEATURE or not self._more():
                    raise self._broken(error) from error
                continue
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists without end
                raise self._broken(error) from error
            self._window = self._window[end:]
            self._count += 1
            if not isinstance(feature, dict):
                raise _no_feature(self._count, type(feature).__name__)
            return feature

    def _broken(self, error: Exception) -> FileRefused:
        return _no_feature(self._count + 1, error)
