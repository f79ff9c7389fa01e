"""Paging of API lists: by cursor, so that page ten thousand costs what page one costs."""

from rest_framework.pagination import CursorPagination


class CursorPaging(CursorPagination):
    """Newest first by the view's ``ordering``; ``page_size`` may be asked for, up to 200."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering: str | tuple[str, ...] = "-pk"
