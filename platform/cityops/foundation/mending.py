"""Where people mend a record 更正: an app says how a record of its is called and on which page it is changed.

The exchange shows with a rejected record the way to its page, without importing the app::

    mending.register("GL01", "case-detail", "case_no", permission="grid.view_case")
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from cityops.foundation.records import registry


@dataclass(frozen=True)
class Mended:
    """What a record is called, and the page where it is changed."""

    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class _Page:
    route: str
    field: str
    permission: str


_pages: dict[str, _Page] = {}


def register(dataset: str, route: str, field: str, *, permission: str) -> None:
    """Records of a dataset are changed on the page ``route``, whose address takes their ``field``."""
    _pages[dataset] = _Page(route, field, permission)


def find(dataset: str, rids: Iterable[UUID], user: Any) -> dict[UUID, Mended]:
    """Of some records: the name, and the page for who may open it. Two queries at most."""
    page = _pages.get(dataset)
    if page is None or dataset not in registry:
        return {}
    rows = registry.get(dataset).model._base_manager.filter(rid__in=list(rids)).values_list("rid", page.field)
    may = user.has_perm(page.permission)
    return {rid: Mended(str(value), _address(page.route, value) if may and value else "") for rid, value in rows}


def _address(route: str, value: Any) -> str:
    try:
        return reverse(route, args=[value])
    except NoReverseMatch:
        return ""
