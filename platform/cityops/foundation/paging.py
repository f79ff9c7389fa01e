"""Paging of API lists: by cursor, so that page ten thousand costs what page one costs."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from cityops.foundation.errors import InvalidInput


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
