"""Paging of lists. In the API by cursor, so that page ten thousand costs what page one costs; on pages by number."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from cityops.foundation.errors import InvalidInput

COUNTED = 10_000
"""Rows of a list that are counted before it is shown; whether there are more is known, how many is told when asked."""


class BoundedPaginator(Paginator):
    """Numbered pages of a table that may be very large: opening it costs the same however many rows there are."""

    object_list: QuerySet[Any]

    @cached_property
    def _found(self) -> int:
        return self.object_list.order_by().values("pk")[: COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        """The rows that have a page, at most ``COUNTED``."""
        return min(self._found, COUNTED)

    @property
    def is_more(self) -> bool:
        """Whether there are rows beyond those that have a page."""
        return self._found > COUNTED


class CursorPaging(CursorPagination):
    """Newest first by the view's ``ordering``; ``page_size`` may be asked for, up to 200.

    A cursor or a size that is none is refused (InvalidInput), not ignored: the caller would read the wrong page.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering: str | tuple[str, ...] = "-pk"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page. Raises InvalidInput for a cursor that this list did not give out."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValidationError, ValueError) as error:
            if self.cursor_query_param not in request.query_params:
                raise
            raise _wrong(self.cursor_query_param, _("游标无效,请从列表给出的 next 或 previous 地址取得。")) from error

    def get_page_size(self, request: Request) -> int | None:
        """The size asked for, at most ``max_page_size``. Raises InvalidInput for what is no positive number."""
        asked = request.query_params.get("page_size", "1")
        if not (asked.isascii() and asked.isdigit() and int(asked)):
            raise _wrong("page_size", _("page_size 应为正整数。"))
        return super().get_page_size(request)


def _wrong(name: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[{"field": name, "code": f"invalid_{name}", "detail": detail}])
