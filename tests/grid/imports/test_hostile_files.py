"""Files that were made to hurt: they are refused with a sentence, soon, and without filling memory."""

import gzip
import io
import zipfile

import openpyxl
import pytest

from grid.services.imports import bounds, values
from grid.services.imports.faults import FileRefused, ValueFault
from grid.services.imports.mapping import parse_mapping
from grid.services.imports.readers import read_rows

COLUMNS = '[columns]\nobj_id = "ID"\n'
SHEET = "xl/worksheets/sheet1.xml"


def read(path, text=COLUMNS):
    return list(read_rows(path, parse_mapping(text, known={"obj_id"})))


def workbook(path, rows=(("ID",), ("1",)), **parts):
    """A workbook; ``parts`` stand in the place of what a spreadsheet wrote."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    whole = io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, parts.get(name, source.read(name)))
    return path


def sheet(rows: str, before: str = "") -> str:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'


HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>ID</t></is></c></row>'


def test_a_good_workbook_is_read(tmp_path):
    assert [row.values for row in read(workbook(tmp_path / "a.xlsx"))] == [{"ID": "1"}]


def test_a_row_of_zeros_is_a_row(tmp_path):
    assert [row.values for row in read(workbook(tmp_path / "a.xlsx", rows=(("ID",), (0,), (None,))))] == [{"ID": "0"}]


@pytest.mark.parametrize("suffix", ["csv", "geojson", "xlsx"])
def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(bounds, "LARGEST_UNPACKED", 1 << 20)
    path = tmp_path / f"bomb.{suffix}.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(b"ID\n" + b"1\n" * (1 << 20))
    assert path.stat().st_size < 10_000
    with pytest.raises(FileRefused, match="解压后超过"):
        read(path)


@pytest.mark.parametrize(("limit", "part"), [("LARGEST_WORKBOOK", SHEET), ("LARGEST_TEXTS", "xl/theme/theme1.xml")])
def test_a_workbook_whose_parts_are_too_large_is_not_unpacked(tmp_path, monkeypatch, limit, part):
    monkeypatch.setattr(bounds, limit, 1 << 20)
    path = workbook(tmp_path / "bomb.xlsx", **{part: b" " * (2 << 20)})
    with pytest.raises(FileRefused, match="解压后超过"):
        read(path)


def test_a_sheet_that_claims_billions_of_rows_is_refused_at_the_last_row_of_a_sheet(tmp_path, monkeypatch):
    monkeypatch.setattr("grid.services.imports.readers.MOST_ROWS", 1000)
    path = workbook(tmp_path / "long.xlsx", **{SHEET: sheet(HEAD + '<row r="2000000000"><c r="A2000000000"/></row>')})
    with pytest.raises(FileRefused, match="1000 行"):
        read(path)


@pytest.mark.parametrize(
    "body",
    [
        sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "<worksheet><sheetData>",
        sheet('<row r="x"><c r="A1"/></row>'),
        sheet('<row r="1"><c r="ZZZZZZ1"/></row>'),
        sheet('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>'),
    ],
    ids=["external entity", "cut off", "row number", "column far away", "text that is not there"],
)  # fmt: skip
def test_a_broken_sheet_is_refused_and_no_other_file_is_read(tmp_path, body):
    with pytest.raises(FileRefused) as refused:
        read(workbook(tmp_path / "broken.xlsx", **{SHEET: body}))
    assert "root:" not in str(refused.value)


def test_entities_that_multiply_are_refused(tmp_path):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>&l11;</t></is></c></row>'
    body = sheet(row, f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]>')
    with pytest.raises(FileRefused):
        read(workbook(tmp_path / "laughs.xlsx", **{SHEET: body}))


@pytest.mark.parametrize(
    "file",
    [
        'encoding = "zlib_codec"',
        'encoding = "undefined"',
        'encoding = "idna"',
        "encoding = 5",
        'delimiter = "ab"',
        'format = ["csv"]',
    ],
)
def test_a_mapping_names_an_encoding_and_one_delimiter(tmp_path, file):
    path = tmp_path / "a.csv"
    path.write_text("ID\n1\n")
    with pytest.raises(FileRefused):
        read(path, f"[file]\n{file}\n{COLUMNS}")


@pytest.mark.parametrize("section", ["[columns]\nobj_id = 5", "[templates]\nobj_id = [1]"])
def test_columns_and_templates_are_texts(tmp_path, section):
    path = tmp_path / "a.csv"
    path.write_text("ID\n1\n")
    with pytest.raises(FileRefused):
        read(path, section)


@pytest.mark.parametrize(
    "section",
    [
        '[templates]\nobj_id = "{ID:09999999999}"',
        '[templates]\nobj_id = "{ID[0:99999]}"',
        '[templates]\nobj_id = "' + "{ID}" * 60 + '"',
        '[columns]\nobj_id = "ID"\n[codes.obj_id]\n"*" = "' + "{}" * 60 + '"',
    ],
)
def test_a_mapping_cannot_make_a_text_without_end(tmp_path, section):
    path = tmp_path / "a.csv"
    path.write_text("ID\n1\n")
    with pytest.raises(FileRefused):
        read(path, section)


def test_a_column_name_that_stands_twice_is_refused_where_it_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("ID,ID,X\n1,2,3\n")
    with pytest.raises(FileRefused, match="ID"):
        read(path)
    path.write_text("ID,X,X\n1,2,3\n")
    assert [row.values["ID"] for row in read(path)] == ["1"]


def test_a_time_format_that_names_a_part_twice_is_a_fault_of_the_value():
    mapping = parse_mapping('[file]\ntime_format = "%Y%Y"\n', known=set())
    with pytest.raises(ValueFault):
        values.moment("2025", mapping)
