"""A report as docx and as PDF: the same content, the same pictures."""

import io
import logging
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.performance.selectors.analysis import Content, Table
from grid.performance.selectors.drawing import Picture, Point, svg_parts

SCALE = 2
"""Pixels per unit of a picture in the docx."""
FONT = "WenQuanYi Micro Hei"
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)  # every page is no event


def pdf_of(content: Content) -> bytes:
    """The report as PDF, with letters of its own in it. Nothing is fetched while it is made."""
    from weasyprint import CSS, HTML  # noqa: PLC0415 — heavy, and only workers need it

    pictures = [{"shown": shown, "svg": svg_parts(shown.picture)} for shown in content.pictures]
    html = render_to_string("performance/report_print.html", {"content": content, "pictures": pictures})
    style = finders.find("performance/report.css")
    with open(str(style), encoding="utf-8") as file:
        sheet = CSS(string=file.read())
    written: bytes = HTML(string=html, url_fetcher=_nothing).write_pdf(stylesheets=[sheet])
    return written


def _nothing(url: str, *_more: Any, **_named: Any) -> Any:
    """Refuse every address: a report brings all that it shows."""
    raise ValueError(url)


def docx_of(content: Content) -> bytes:
    """The report as docx."""
    from docx import Document  # noqa: PLC0415 — heavy, and only workers need it
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Cm  # noqa: PLC0415

    document = Document()
    normal = document.styles["Normal"]
    normal.font.name = FONT
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    document.core_properties.title = content.title
    document.core_properties.author = ""
    document.add_heading(content.title, level=0)
    _table(document, Table("", [_("项目"), _("内容")], [list(fact) for fact in content.facts]))
    for shown in content.pictures:
        document.add_heading(shown.title, level=1)
        document.add_picture(io.BytesIO(png_of(shown.picture)), width=Cm(15))
        document.add_paragraph(shown.words)
    for table in content.tables:
        document.add_heading(table.title, level=1)
        _table(document, table)
        if table.note:
            document.add_paragraph(table.note)
    document.add_paragraph(_("生成于 %s") % timezone.localtime(content.made_at).strftime("%Y-%m-%d %H:%M:%S"))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _table(document: Any, table: Table) -> None:
    if not table.rows:
        document.add_paragraph(_("没有数据"))
        return
    made = document.add_table(rows=1, cols=len(table.heads), style="Light Grid Accent 1")
    for cell, head in zip(made.rows[0].cells, table.heads, strict=True):
        cell.text = head
    for row in table.rows:
        for cell, text in zip(made.add_row().cells, row, strict=True):
            cell.text = text


def png_of(picture: Picture) -> bytes:
    """A picture as PNG."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 — only workers need it

    image = Image.new("RGB", (picture.width * SCALE, picture.height * SCALE), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11 * SCALE)
    _draw_map(draw, picture, font)
    _draw_lines(draw, picture, font)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _at(point: Point) -> Point:
    return point[0] * SCALE, point[1] * SCALE


def _draw_map(draw: Any, picture: Picture, font: Any) -> None:
    for area in picture.areas:
        for ring in area.rings:
            draw.polygon([_at(point) for point in ring], fill=area.fill, outline="#8ea3bd")
    for area in picture.areas:
        draw.text(_at(area.at), area.label.replace("—", "-"), fill="#1a2433", font=font, anchor="mm")


def _draw_lines(draw: Any, picture: Picture, font: Any) -> None:
    for begin, end, label in picture.grid:
        draw.line([_at(begin), _at(end)], fill="#dde4ec", width=SCALE)
        draw.text(_at((begin[0] - 6, begin[1])), label, fill="#4a586c", font=font, anchor="rm")
    for point, label in picture.ticks:
        draw.text(_at(point), label, fill="#4a586c", font=font, anchor="mm")
    for colour, points in picture.lines:
        if len(points) > 1:
            draw.line([_at(point) for point in points], fill=colour, width=2 * SCALE)
        for x, y in points:
            draw.ellipse([_at((x - 3, y - 3)), _at((x + 3, y + 3))], fill=colour)
