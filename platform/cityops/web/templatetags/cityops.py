"""Template tags of the design system: lights, figures, icons, bars, deadlines, paging. Builtin in every template.

A light is always colour, shape and word; a figure is always a link to what is behind it.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cityops.foundation.ordering import Order
from cityops.foundation.words import span_words
from grid.models import Case
from grid.selectors import lights
from grid.selectors.clocks import left_now, left_of
from grid.selectors.extents import bounds_of

register = template.Library()

LIGHTS: dict[str, tuple[str, Any]] = {
    **{light.value: (light.value[0], word) for light, (word, _meaning) in lights.WORDS.items()},
    "orange": ("o", gettext_lazy("橙")),
    "blue": ("b", gettext_lazy("蓝")),
    "none": ("n", gettext_lazy("无")),
}
"""Light → (letter of its shape and colour, its word)."""
LIVE = SafeString('hx-target="#results" hx-select="#results" hx-swap="outerHTML" hx-push-url="true"')
BAR_CLASSES = {"red": "fr", "yellow": "fy", "green": "fg", "paused": "fp", "orange": "fo", "brand": "fb", "pale": "fl"}


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """An icon of the sprite; without a label it is hidden from screen readers, so a word must stand beside it."""
    href = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="ic {}" role="img" aria-label="{}"><use href="{}"></use></svg>', css, label, href
        )
    return format_html('<svg class="ic {}" aria-hidden="true"><use href="{}"></use></svg>', css, href)


@register.simple_tag
def light(value: Any, text: Any = "", box: bool = False, word: bool = True, hint: str = "") -> SafeString:
    """A light: shape, word and what is added (``text``: time left, a count). ``value`` is a light or has one.

    ``word=False`` only where a legend or column head on the same page says the word; readers still hear it.
    ``hint`` is shown on hover.
    """
    name = str(getattr(value, "light", value) or "none")
    letter, title = LIGHTS.get(name, LIGHTS["none"])
    shape = format_html('<svg aria-hidden="true"><use href="{}#l-{}"></use></svg>', static("web/lights.svg"), letter)
    said = format_html('<span class="{}">{}</span>', "" if word else "visually-hidden", title)
    css = f"li li-{letter}{' box' if box else ''}"
    added = format_html(" <u>{}</u>", text) if text not in ("", None) else ""
    title_of = format_html(' title="{}"', hint) if hint else ""
    return format_html('<span class="{}"{}>{}{}{}</span>', css, title_of, shape, said, added)


@register.simple_tag
def fig(value: Any, url: str = "", unit: str = "", decimals: int | None = None) -> SafeString:
    """A figure that opens what is behind it; without a value it says 无数据 (a zero denominator is no zero)."""
    if value is None or value == "":
        return format_html('<span class="nodata">{}</span>', _("无数据"))
    shown = number(value, decimals)
    body = format_html('<a class="num" href="{}">{}</a>', url, shown) if url else format_html("{}", shown)
    return format_html("{}<small>{}</small>", body, unit) if unit else body


@register.filter
def number(value: Any, decimals: int | None = None) -> str:
    """A number with thousands separated, the same in every language; other things as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    return f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"


@register.simple_tag
def bar(parts: Mapping[str, int], full: int = 0, width: int = 112, height: int = 8) -> SafeString:
    """A small stacked bar: ``parts`` maps a light (or ``brand``, ``pale``) to its count, ``full`` is the whole length.

    Widths are SVG attributes, as the content policy forbids style attributes; each part that is not zero is at
    least two units wide. The words stand beside it in the table, so it is hidden from screen readers.
    """
    full = max(full, sum(parts.values()), 1)
    rects, x = [], 0.0
    for name, count in parts.items():
        if count <= 0:
            continue
        part = max(2.0, count / full * width)
        rects.append((f"{x:.1f}", f"{part:.1f}", height, BAR_CLASSES.get(name, "fp")))
        x += part + 0.5
    drawn = format_html_join("", '<rect x="{}" width="{}" height="{}" class="{}"/>', rects)
    return format_html(
        '<svg class="bar" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true">{2}</svg>',
        max(width, round(x)),
        height,
        drawn,
    )


@register.filter
def span(seconds: Any) -> str:
    """A length of time given in seconds or as a timedelta, in words; nothing for None."""
    if seconds is None or seconds == "":
        return ""
    return span_words(getattr(seconds, "total_seconds", lambda: seconds)())


@register.simple_tag
def deadline(due: datetime | None, at: datetime | None = None, unit: str = "") -> SafeString:
    """A deadline as local time plus what is left: 剩 1 时 20 分, 超 5 分; on hover the calendar that counts.

    ``unit`` is that of the limit: working hours and days are counted in working time.
    """
    if due is None:
        return format_html('<span class="mut">{}</span>', _("无时限"))
    left = left_of(due, at or timezone.now(), unit)
    return format_html(
        '<time datetime="{}" title="{}">{} <span class="sec">· {}</span></time>',
        due.isoformat(), left.basis, moment(due), left.words,
    )  # fmt: skip


@register.simple_tag
def light_left(case: Case, at: datetime | None = None, box: bool = False) -> SafeString:
    """The light of a case with what is left of its limit: 红 超 6 时 12 分; where no clock runs, the light alone."""
    name = getattr(case, "light_now", None) or case.light
    left = left_now(case, at or timezone.now())
    return light(name, left.words, box=box, hint=left.basis) if left else light(name, box=box)


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in local time: the day without the year where it is this year's."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    same_year = local.year == timezone.localtime().year
    return local.strftime("%m-%d %H:%M" if same_year else "%Y-%m-%d %H:%M")


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago a moment was: 54 秒, 3 分, 2 时 5 分."""
    if value is None:
        return "—"
    seconds = max(0.0, (timezone.now() - value).total_seconds())
    return _("%(seconds)s 秒") % {"seconds": int(seconds)} if seconds < 60 else span_words(seconds)


WEEKDAYS = (
    gettext_lazy("周一"), gettext_lazy("周二"), gettext_lazy("周三"), gettext_lazy("周四"), gettext_lazy("周五"),
    gettext_lazy("周六"), gettext_lazy("周日"),
)  # fmt: skip


@register.filter
def weekday(value: datetime) -> Any:
    """The day of the week of a moment, in local time."""
    return WEEKDAYS[timezone.localtime(value).weekday()]


@register.filter
def moment_seconds(value: datetime | None) -> str:
    """A moment in local time to the second."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return local.strftime("%m-%d %H:%M:%S" if local.year == timezone.localtime().year else "%Y-%m-%d %H:%M:%S")


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The page's query string with some values replaced; None or an empty text takes one out; ``page`` is reset."""
    request = context.get("request")
    values: QueryDict = request.GET.copy() if request else QueryDict(mutable=True)
    values.pop("page", None)
    for key, value in changes.items():
        if value is None or value == "":
            values.pop(key, None)
        elif isinstance(value, list | tuple):
            values.setlist(key, [str(v) for v in value])
        else:
            values[key] = str(value)
    return f"?{values.urlencode()}" if values else "?"


@register.simple_tag
def live() -> SafeString:
    """Attributes of what holds a list: its form, the heads of its columns and its pages replace ``#results`` only.

    The filter, sort and page links inside inherit them; ``hx-get`` says which of them ask.
    """
    return LIVE


@register.simple_tag(takes_context=True)
def sort_head(context: template.Context, title: Any, key: str = "", css: str = "") -> SafeString:
    """The head of a column that the list may be ordered by (``order`` in the context); by a plain link."""
    order: Order | None = context.get("order")
    if not key or order is None:
        return format_html('<th scope="col" class="{}">{}</th>', css, title)
    said, mark = "none", ""
    if key == order.key:
        said, mark = ("descending", "▼") if order.is_falling else ("ascending", "▲")
    url = query(context, order=order.next_for(key))
    return format_html(
        '<th scope="col" class="{}" aria-sort="{}"><a class="sort" id="sort-{}" href="{}" hx-get="{}">{}'
        '<span aria-hidden="true">{}</span></a></th>',
        css, said, key, url, url, title, mark,
    )  # fmt: skip


@register.inclusion_tag("web/parts/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any]) -> dict[str, Any]:
    """Links to the pages of a list, with how many rows there are."""
    numbers = list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))
    return {"request": context.get("request"), "page": page, "numbers": numbers, "gap": page.paginator.ELLIPSIS}


@register.inclusion_tag("web/parts/field.html")
def field(bound: BoundField, css: str = "") -> dict[str, Any]:
    """One form field: label, control, help and errors, tied together for screen readers."""
    marks: dict[str, Any] = {}
    described = []
    if bound.help_text:
        described.append(f"{bound.auto_id}_helptext")
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
        marks["aria-invalid"] = "true"
    if described:
        marks["aria-describedby"] = " ".join(described)
    kind = type(bound.field.widget).__name__.lower()
    is_group = kind in {"radioselect", "checkboxselectmultiple"}
    control = bound.as_widget(attrs={} if is_group else marks)
    return {
        "field": bound, "control": control, "css": css, "kind": kind, "is_group": is_group,
        "described": marks.get("aria-describedby", ""),
    }  # fmt: skip


def _pattern(name: str, **arguments: Any) -> str:
    """The address of a page as a pattern for scripts; empty where the page is switched off."""
    try:
        return reverse(name, kwargs=arguments)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("web/parts/map.html", takes_context=True)
def map_box(context: template.Context, label: str, layers: str = "", **more: Any) -> dict[str, Any]:
    """A map over our own tiles: ``layers`` of ``grids load components cases``; ``label`` is its accessible name.

    ``more``: ``bounds`` (four numbers; by default the person's own division), ``query`` (filters of the case list),
    ``point`` (longitude, latitude), ``pick`` (selectors of two fields), ``values`` (id of a JSON script that colours
    divisions), ``legend`` (rows with light, text, count) with ``legend_title``, ``theme``, ``refresh`` (seconds).
    """
    request = context.get("request")
    scope = more.pop("scope", getattr(getattr(request, "user", None), "scope_prefix", ""))
    bounds = more.pop("bounds", None) or bounds_of(scope)
    tiles = _pattern("tile", layer="LAYER", z=0, x=0, y=0).replace("/0/0/0.mvt", "/{z}/{x}/{y}.mvt")
    point = more.pop("point", None)
    return {
        "label": label,
        "layers": layers,
        "scope": scope,
        "tiles": tiles,
        "bounds": ",".join(f"{number:.5f}" for number in bounds) if bounds else "",
        "point": f"{point.x:.6f},{point.y:.6f}" if point else "",
        "case_url": _pattern("case-detail", case_no="CODE"),
        "component_url": _pattern("component-detail", obj_id="CODE"),
        **more,
    }


@register.filter
def case_number(number: str) -> str:
    """A case number as people say it: month and day, then the sequence without its zeros (1120-0668)."""
    if len(number) == 24 and number.isdigit():
        return f"{number[10:14]}-{int(number[14:]):04d}"
    return number


@register.filter
def count_words(count: int) -> str:
    """How many records: 12 件."""
    return ngettext("%(count)s 件", "%(count)s 件", count) % {"count": number(count)}


@register.filter
def hex_start(digest: bytes) -> str:
    """The beginning of a digest, enough to tell it from another."""
    return bytes(digest).hex()[:12]


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """A mapping's value by a key that is itself a variable."""
    return mapping.get(key) if mapping else None
