"""How long a statement may run: the web process cuts off after some seconds, so that one question cannot hold it up.

Workers and commands have no such limit. Where the web process does long work on purpose, it says so::

    with patience(EXPORT_SECONDS):
        ...
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _
from psycopg.errors import QueryCanceled

from cityops.foundation.errors import CityOpsError

STATEMENT_SECONDS = 10
"""What a page or an answer may take for one statement."""
LONG_SECONDS = 300
"""The same for exports, small imports and the calls of peers."""
Row = TypeVar("Row")


class CutOff(CityOpsError):
    """The question needs more time than a page has."""

    code = "too_expensive"
    status = 503
    title = _("查询超时")


def limit_statements() -> None:
    """Limit every connection that this process opens from now on; called by the web process before the first."""
    settings.DATABASES["default"]["OPTIONS"]["options"] = f"-c statement_timeout={int(STATEMENT_SECONDS * 1000)}"


@contextmanager
def patience(seconds: int = LONG_SECONDS) -> Iterator[None]:
    """Let statements of a block run longer, where they are limited; inside a transaction until its end."""
    if "options" not in connection.settings_dict["OPTIONS"]:
        yield
        return
    inside = connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, %s)", [f"{seconds}s", inside])
    try:
        yield
    finally:
        if not inside:
            with suppress(DatabaseError), connection.cursor() as cursor:  # a lost connection is limited when anew
                cursor.execute("RESET statement_timeout")


def patiently(rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows, read with patience."""
    with patience():
        yield from rows


def refusal_for(error: BaseException) -> CutOff | None:
    """What to say of an error of the database; None for anything but a statement that was cut off."""
    if isinstance(error.__cause__, QueryCanceled):
        return CutOff(str(_("所问的内容太多，没有在时限内算完；请缩小区划、时间或筛选范围。")))
    return None
