"""Exports in the background 后台导出: ordered, written by a worker with progress, fetched by who ordered them."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import CityOpsError, InvalidInput, NotAllowed, NotThere, Refused, field_fault
from cityops.foundation.exports import write_workbook
from grid.desks.models import CaseExport, SavedView
from grid.desks.rules.desks import DESKS
from grid.desks.selectors.queues import asked_of, branch_cases
from grid.desks.services.views import clean_query
from grid.models import Case
from grid.selectors.case_columns import case_columns
from grid.selectors.case_list import CaseListFilter

logger = logging.getLogger(__name__)
PERMISSION = "grid.export_case"
MOST_WAITING = 3
"""Exports that one person may have under way."""
KEPT = timedelta(days=7)
"""So long a file is kept."""
SILENT = timedelta(minutes=10)
"""A worker that has said nothing for so long is lost; its export waits again."""
STEP = 1000
"""Rows between two words about the progress."""
MOST_ROWS = 1_000_000
"""Rows of one export; a workbook takes 100,000 on each sheet."""
State = CaseExport.State


def folder() -> Path:
    """Where the files lie; never served by their path."""
    place = Path(settings.VAR) / "exports" / settings.CITYOPS_NODE
    place.mkdir(parents=True, exist_ok=True)
    return place


def path_of(export: CaseExport) -> Path:
    """The file of an export."""
    return folder() / f"{export.pk}.xlsx"


@transaction.atomic
def order_export(actor: User, desk: str, query: str) -> CaseExport:
    """Order what a list or a queue shows. Raises NotAllowed, InvalidInput, and Refused where too many are under way."""
    if not actor.has_perm(PERMISSION):
        raise NotAllowed(_("您没有导出案件的权限。"))
    if desk not in (SavedView.LIST, *DESKS):
        text = _("没有这个工作台；可用：%s。") % "、".join((SavedView.LIST, *DESKS))
        raise field_fault("desk", "code", text)
    query = clean_query(query)
    if len(query) > 1000:
        text = _("筛选条件太长，请减少条件。")
        raise field_fault("query", "too_long", text)
    User.objects.select_for_update().get(pk=actor.pk)  # two orders at once count each other
    if CaseExport.objects.visible_to(actor).under_way().count() >= MOST_WAITING:
        raise Refused(_("您已有 %s 个导出在进行，请等它们完成。") % MOST_WAITING)
    made = CaseExport.objects.create(owner=actor, desk=desk, query=query, language=translation.get_language() or "")
    audit.record(
        "case.order_export", kind="CaseExport", key=made.pk, division_code=actor.division_code,
        after={"desk": desk, "filter": query},
    )  # fmt: skip
    return made


def get_export(user: User, pk: Any) -> CaseExport:
    """An own export. Raises NotThere for anybody else's."""
    found: CaseExport | None = CaseExport.objects.visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotThere(_("没有这份导出。"))
    return found


def file_of(user: User, pk: Any) -> tuple[CaseExport, Path]:
    """A finished file for download, with its trail. Raises NotAllowed where the right was taken away meanwhile,
    NotThere for anybody else's, Refused for one that is not ready or no longer kept.
    """
    export = get_export(user, pk)
    if not user.has_perm(PERMISSION):
        raise NotAllowed(_("您没有导出案件的权限。"))
    path = path_of(export)
    if export.state != State.DONE or not path.is_file():
        raise Refused(_("文件还没有完成，或已过保存期；请重新导出。"), state=export.state)
    with transaction.atomic():
        audit.record(
            "case.export", kind="CaseExport", key=export.pk, division_code=user.division_code,
            after={"file": export.file_name, "rows": export.rows_done, "sha256": export.sha256},
        )  # fmt: skip
    return export, path


def make_waiting() -> int:
    """Write all exports that wait, oldest first. Returns how many were taken up."""
    settle_broken()
    count = 0
    while (export := _next()) is not None:
        write_export(export)
        count += 1
    return count


@transaction.atomic
def _next() -> CaseExport | None:
    """Take the oldest that waits; no two workers take the same."""
    waiting = CaseExport.objects.select_for_update(skip_locked=True).filter(state=State.WAITING)
    export: CaseExport | None = waiting.order_by("ordered_at", "pk").first()
    if export is not None:
        _set(export, state=State.RUNNING, rows_done=0, beat_at=timezone.now())
    return export


def write_export(export: CaseExport) -> None:
    """Write the file as its owner would see the list now; what goes wrong is said in the row."""
    with translation.override(export.language or settings.LANGUAGE_CODE):
        try:
            _write(export)
        except Exception as error:
            logger.exception("export %s failed", export.pk)
            told = (
                error.detail if isinstance(error, CityOpsError) else _("导出时出错，请重试；仍然失败请联系系统管理员。")
            )
            _set(export, state=State.FAILED, message=told, ended_at=timezone.now())


def _write(export: CaseExport) -> None:
    owner = User.objects.get(pk=export.owner_id)
    if not owner.has_perm(PERMISSION):
        raise NotAllowed(_("您没有导出案件的权限。"))
    rows = rows_of(owner, export.desk, export.query)
    total = rows.count()
    if total > MOST_ROWS:
        raise InvalidInput(
            _("共 %(n)s 条，超过上限 %(most)s 条：请缩小筛选范围。") % {"n": f"{total:,}", "most": f"{MOST_ROWS:,}"}
        )
    _set(export, rows_total=total)
    part = path_of(export).with_suffix(".part")
    with part.open("w+b") as file:
        write_workbook(file, case_columns(owner, timezone.now()), _told(export, rows.iterator(chunk_size=STEP)))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    part.replace(path_of(export))
    _set(export, state=State.DONE, sha256=digest, message="", ended_at=timezone.now())


def rows_of(user: User, desk: str, query: str) -> Any:
    """The cases that an address of the list, or of a desk, shows to a person, in its order."""
    data = QueryDict(query)
    at = timezone.now()
    if desk == SavedView.LIST:
        seen = Case.objects.visible_to(user).with_light(at)
        return CaseListFilter(data, seen, user=user, at=at).qs
    asked = asked_of(user, DESKS[desk], data, at)
    keys = [branch_cases(asked, branch).values("pk") for branch in asked.tab.branches]
    merged = keys[0].union(*keys[1:]) if len(keys) > 1 else keys[0]
    rows = Case.objects.visible_to(user).filter(pk__in=merged).with_light(at)
    return rows.order_by("stage_due_at", "reported_at", "rid")


def _told(export: CaseExport, rows: Iterator[Case]) -> Iterator[Case]:
    """The same rows, with a word about the progress now and then."""
    number = 0
    for number, row in enumerate(rows, start=1):
        if number % STEP == 0:
            _set(export, rows_done=number, beat_at=timezone.now())
        yield row
    _set(export, rows_done=number, rows_total=max(number, export.rows_total))


def _set(export: CaseExport, **values: Any) -> None:
    for name, value in values.items():
        setattr(export, name, value)
    export.save(update_fields=list(values))


def settle_broken() -> int:
    """Exports whose worker is lost wait again. Returns how many."""
    lost = CaseExport.objects.filter(state=State.RUNNING, beat_at__lt=timezone.now() - SILENT)
    return lost.update(state=State.WAITING, rows_done=0)


def clear_old() -> int:
    """Remove files that are no longer kept, and files of no export. Returns how many exports expired."""
    old = CaseExport.objects.filter(state=State.DONE, ended_at__lt=timezone.now() - KEPT)
    expired = old.update(state=State.EXPIRED)
    kept = {
        f"{pk}" for pk in CaseExport.objects.filter(state__in=(State.DONE, State.RUNNING)).values_list("pk", flat=True)
    }
    for path in folder().iterdir():
        if path.stem not in kept:
            with suppress(FileNotFoundError):
                path.unlink()
    return expired
