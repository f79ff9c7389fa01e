"""Reads pages as a person does: which numbers stand on them, and what each opens."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img", "br", "hr", "use", "path", "rect", "circle", "col"}
FIGURE = re.compile(r"^[\s/]*(?:红|Red)?\s*(\d[\d,]*(?:\.\d+)?)\s*%?[\s/]*$")
PLACES = {"v", "v2", "r", "wlg"}
"""Classes of what holds figures: a KPI, one on the wall, a cell of numbers, the counts of the wall's lights."""


class Figures(HTMLParser):
    """``linked``: (number, address) of every figure that opens something; ``bare``: figures that do not."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.linked: list[tuple[str, str]] = []
        self.bare: list[str] = []
        self._open: list[tuple[str, set[str], str]] = []
        self._text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in VOID:
            return
        values = dict(attrs)
        self._open.append((tag, set((values.get("class") or "").split()), values.get("href") or ""))
        if tag == "a":
            self._text = []

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        _tag, _classes, address = self._open.pop()
        if tag == "a" and address and (found := FIGURE.match("".join(self._text))):
            self.linked.append((found[1].replace(",", ""), address))

    def handle_data(self, data):
        self._text.append(data)
        tags = [tag for tag, _classes, _address in self._open]
        classes = set().union(*(classes for _tag, classes, _address in self._open)) if self._open else set()
        if {"a", "svg", "script", "thead"} & set(tags) or "visually-hidden" in classes:
            return
        held = [bool(names & PLACES) for tag, names, _address in self._open if tag != "th"]
        if any(held) and FIGURE.match(data):
            self.bare.append(data.strip())
