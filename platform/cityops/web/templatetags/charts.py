"""Small charts drawn on the server as SVG: they need no script, print well, and carry a table for readers."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cityops.web import figures

register = template.Library()
WIDTH, HEIGHT = 400, 250
FEW = 20
"""Below this count a percentage says nothing; the count itself is shown."""
MOST = 300
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 22, 22


def _nice(most: float) -> int:
    """A round number at or above ``most`` that four lines divide well."""
    for step in (1, 2, 3, 5, 10, 15, 20, 25, 30, 50, 75, 100, 150, 200, 250, 300, 500, 750, 1000, 1500, 2000, 2500):
        if step * 4 >= most:
            return step * 4
    return int(most // 4000 + 1) * 4000


@dataclass(frozen=True)
class _Frame:
    """The ground of the chart of hours: its size, its margins, and how many cases its height stands for."""

    width: int
    height: int
    size: int
    full: int

    @property
    def left(self) -> int:
        return LEFT * self.size // 11

    @property
    def top(self) -> int:
        return TOP * self.size // 11

    @property
    def floor(self) -> int:
        return self.height - BOTTOM * self.size // 11

    @property
    def slot(self) -> float:
        return (self.width - self.left - RIGHT) / 24

    def x(self, hour: float) -> float:
        return self.left + self.slot * hour

    def y(self, value: float) -> float:
        return self.top + (self.floor - self.top) * (1 - value / self.full)

    def path(self, values: list[int], last: float = 24) -> str:
        """A line through the middles of the hours up to ``last``."""
        dots = [f"{min(self.x(h + 0.5), self.x(last)):.1f} {self.y(v):.1f}" for h, v in enumerate(values) if h <= last]
        return "M" + "L".join(dots)


def _scale(frame: _Frame) -> SafeString:
    """Lines across with their numbers, and the hours below."""
    right, size = frame.width - RIGHT, frame.size
    steps = range(0, frame.full + 1, frame.full // 4)
    lines = format_html_join(
        "",
        '<path class="c-grid" d="M{0} {1}H{2}"/><text class="c-lab" x="{3}" y="{4}" text-anchor="end">{5}</text>',
        (
            (frame.left, f"{frame.y(v):.1f}", right, frame.left - 6, f"{frame.y(v) + size / 3:.1f}", f"{v:,}")
            for v in steps
        ),
    )
    hours = format_html_join(
        "",
        '<text class="c-lab" x="{}" y="{}" text-anchor="middle">{}</text>',
        ((f"{frame.x(h) + frame.slot / 2:.1f}", frame.floor + size + 4, h) for h in range(0, 24, 6)),
    )
    return lines + hours


def _bars(frame: _Frame, values: list[int]) -> SafeString:
    return format_html_join(
        "",
        '<rect class="c-bar" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                f"{frame.x(h) + frame.slot * 0.18:.1f}",
                f"{frame.y(v):.1f}",
                f"{frame.slot * 0.64:.1f}",
                f"{frame.floor - frame.y(v):.1f}",
            )
            for h, v in enumerate(values)
            if v
        ),
    )


def _now(frame: _Frame, hour: float) -> SafeString:
    """A line at this moment, with the time above it."""
    return format_html(
        '<path class="c-now" d="M{0} {1}V{2}"/><text class="c-nowt" x="{0}" y="{3}" text-anchor="{4}">{5}</text>',
        f"{frame.x(hour):.1f}",
        frame.top,
        frame.floor,
        frame.top - 6,
        "start" if hour < 3 else "end" if hour > 21 else "middle",
        _("现在 %(clock)s") % {"clock": f"{int(hour):02d}:{int(hour % 1 * 60):02d}"},
    )


@register.simple_tag
def hours_chart(chart: dict[str, Any], width: int = WIDTH, height: int = HEIGHT, size: int = 11) -> SafeString:
    """Reports (bars) and closings (line) by hour of today, reports of a week ago (dashes), a line at now."""
    full = _nice(max([1, *chart["reported"], *chart["closed"], *chart["before"]]))
    frame = _Frame(width, height, size, full)
    return format_html(
        '<div class="c-key">{key}</div><svg class="c-svg" viewBox="0 0 {w} {h}" font-size="{s}" role="img" '
        'aria-label="{label}">{scale}{bars}<path class="c-dash" d="{before}"/><path class="c-line" d="{closed}"/>'
        "{now}</svg>{rows}",
        key=_key(),
        w=width,
        h=height,
        s=size,
        label=_("分时上报与结案"),
        scale=_scale(frame),
        bars=_bars(frame, chart["reported"]),
        before=frame.path(chart["before"]),
        closed=frame.path(chart["closed"], chart["now"]),
        now=_now(frame, chart["now"]),
        rows=_rows(chart),
    )


def _key() -> SafeString:
    return format_html(
        '<span><svg width="12" height="10" aria-hidden="true"><path class="c-bar" d="M0 0h12v10H0z"/></svg>{}</span>'
        '<span><svg width="16" height="10" aria-hidden="true"><path class="c-line" d="M0 5h16"/></svg>{}</span>'
        '<span><svg width="16" height="10" aria-hidden="true"><path class="c-dash" d="M0 5h16"/></svg>{}</span>',
        _("上报"),
        _("结案"),
        _("上周同日上报"),
    )


def _rows(chart: dict[str, Any]) -> SafeString:
    """The same numbers as a table, for readers that do not see the picture."""
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>',
        (
            (hour, chart["reported"][hour], chart["closed"][hour], chart["before"][hour])
            for hour in range(24)
            if hour <= chart["now"]
        ),
    )
    return format_html(
        '<table class="visually-hidden"><caption>{}</caption><thead><tr><th scope="col">{}</th><th scope="col">{}</th>'
        '<th scope="col">{}</th><th scope="col">{}</th></tr></thead><tbody>{}</tbody></table>',
        _("分时上报与结案"),
        _("时"),
        _("上报"),
        _("结案"),
        _("上周同日上报"),
        body,
    )


@register.simple_tag
def change_percent(shown: Any) -> SafeString:
    """How a count moved against the same hours a week ago, in percent."""
    if shown.percent is None or shown.before < FEW or abs(shown.percent) > MOST:
        return format_html('<span class="mut">{}</span>', _("上周同时段 %(n)s") % {"n": shown.before or 0})
    return format_html(
        '<span class="eq">{} {}%</span> {}',
        shown.change.sign,
        f"{abs(shown.percent):.1f}",
        _("上周同时段 %(n)s") % {"n": f"{shown.before:,}"},
    )


@register.simple_tag
def change_points(shown: Any, earlier: Any = "") -> SafeString:
    """How a rate moved in percentage points; ``earlier`` names what it is compared with (上周 without one)."""
    earlier = earlier or _("上周")
    change = shown.change
    if change is None:
        return format_html('<span class="mut">{}</span>', _("%(earlier)s无数据") % {"earlier": earlier})
    return format_html(
        '<span class="{}">{} {}</span> {}',
        change.css,
        change.sign,
        _("%(n)s 百分点") % {"n": change.text},
        f"{earlier} {shown.before:.2f}%",
    )


@register.simple_tag
def spark(values: list[Any], width: int = 96, height: int = 24, low: float = 0, high: float = 100) -> SafeString:
    """A line of values without axes, the last one marked; missing ones leave a gap. The words stand beside it."""
    known = [(place, float(value)) for place, value in enumerate(values) if value is not None]
    if not known:
        return format_html('<span class="nodata">{}</span>', _("无数据"))
    low = min(low, *(value for _place, value in known))
    step = (width - 8) / max(1, len(values) - 1)
    dots = [(4 + place * step, 4 + (height - 8) * (1 - (value - low) / ((high - low) or 1))) for place, value in known]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in dots)
    return format_html(
        '<svg class="c-spark" width="{w}" height="{h}" viewBox="0 0 {w} {h}" aria-hidden="true"><path class="c-sl" '
        'd="{path}"/><circle class="c-sd" cx="{x}" cy="{y}" r="3"/></svg>',
        w=width,
        h=height,
        path=path,
        x=f"{dots[-1][0]:.1f}",
        y=f"{dots[-1][1]:.1f}",
    )


@register.simple_tag
def lines_chart(lines: list[dict[str, Any]], labels: list[str], width: int = 860, height: int = 210) -> SafeString:
    """Percentages of several places over some days, one line each; the lines differ by dashes, not by colour alone."""
    left, room, step = 40, height - 44, (width - 56) / max(1, len(labels) - 1)
    known = [float(value) for line in lines for value in line["values"] if value is not None]
    low = max(0, int(min(known, default=0) // 10 * 10))

    def y(value: float) -> float:
        return 14 + room * (1 - (value - low) / ((100 - low) or 1))

    grid = format_html_join(
        "",
        '<path class="c-grid" d="M{0} {1}H{2}"/><text class="c-lab" x="{3}" y="{4}" text-anchor="end">{5}</text>',
        ((left, f"{y(v):.1f}", width - 8, left - 6, f"{y(v) + 4:.1f}", v) for v in (low, (low + 100) // 2, 100)),
    )
    ticks = format_html_join(
        "",
        '<text class="c-lab" x="{}" y="{}" text-anchor="middle">{}</text>',
        ((f"{left + place * step:.1f}", height - 8, label) for place, label in enumerate(labels) if place % 2 == 0),
    )
    drawn, keys = [], []
    for number, line in enumerate(lines):
        dots = [f"{left + p * step:.1f} {y(float(v)):.1f}" for p, v in enumerate(line["values"]) if v is not None]
        css = f"c-l{number % 4}"
        drawn.append((css, "M" + "L".join(dots) if dots else ""))
        keys.append((css, line["name"]))
    paths = format_html_join("", '<path class="c-l {}" d="{}"/>', drawn)
    key = format_html_join(
        "",
        '<span><svg width="22" height="10" aria-hidden="true"><path class="c-l {}" d="M0 5h22"/></svg>{}</span>',
        keys,
    )
    frame = format_html('<svg class="c-svg" viewBox="0 0 {} {}" font-size="11" aria-hidden="true">', width, height)
    return format_html('<div class="c-key">{}</div>{}{}{}{}</svg>', key, frame, grid, paths, ticks)


@register.filter
def figure_url(figure: Any) -> str:
    """The page of a figure."""
    return figures.figure_url(figure)
