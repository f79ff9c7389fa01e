"""Order a report, make it in the background, and keep its files."""

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import CityOpsError, NotThere, Refused
from grid.performance.models import AnalysisReport
from grid.performance.selectors.analysis import content_of
from grid.performance.selectors.sets import find_set
from grid.performance.services.documents import docx_of, pdf_of
from grid.rules.periods import Period, parse_period
from grid.selectors.divisions import Place, find_place

logger = logging.getLogger(__name__)
MAKERS = {"docx": docx_of, "pdf": pdf_of}
MOST_WAITING = 5
"""Reports that one person may have in the queue."""
LONGEST = timedelta(minutes=30)


def folder() -> Path:
    """Where the files lie; never served by their path."""
    place = Path(settings.VAR) / "reports" / settings.CITYOPS_NODE
    place.mkdir(parents=True, exist_ok=True)
    return place


def path_of(report: AnalysisReport, form: str) -> Path:
    """The file of a report in a form."""
    return folder() / f"{report.pk}.{form}"


@transaction.atomic
def order_report(actor: User, place: Place, period: Period, key: str = "") -> AnalysisReport:
    """Order a report of a place the person sees. Raises Refused where too many wait."""
    waiting = AnalysisReport.objects.filter(made_by=actor, state__in=("waiting", "running")).count()
    if waiting >= MOST_WAITING:
        raise Refused(_("您已有 %s 份报告在等待，请等它们完成。") % waiting)
    made = AnalysisReport.objects.create(
        period=period.key, division_code=place.code, formula_key=find_set(key).key, made_by=actor
    )
    audit.record("report.order", kind="AnalysisReport", key=made.pk, division_code=place.code,
                 after={"period": period.key, "formulas": made.formula_key})  # fmt: skip
    return made


def make_waiting() -> int:
    """Make all reports that wait, oldest first. Returns how many were made."""
    settle_broken()
    count = 0
    while (report := _next()) is not None:
        make_report(report)
        count += 1
    return count


@transaction.atomic
def _next() -> AnalysisReport | None:
    """Take the oldest that waits; no two workers take the same."""
    waiting = AnalysisReport.objects.select_for_update(skip_locked=True).filter(state=AnalysisReport.State.WAITING)
    report: AnalysisReport | None = waiting.order_by("pk").first()
    if report is not None:
        _set(report, state=AnalysisReport.State.RUNNING, progress=5)
    return report


def make_report(report: AnalysisReport) -> None:
    """Make both files of a report; what goes wrong is written into it."""
    try:
        place = find_place(report.division_code)
        formulas = find_set(report.formula_key)
        content = content_of(
            place,
            parse_period(report.period),
            formulas,
            user=None,
            progress=lambda number: _set(report, progress=number),
        )
        files = {}
        for number, (form, make) in enumerate(MAKERS.items()):
            files[form] = _keep(path_of(report, form), make(content))
            _set(report, progress=80 + number * 10)
    except Exception as error:
        told = error.detail if isinstance(error, CityOpsError) else _("生成时出错，请联系系统管理员。")
        logger.exception("report %s failed", report.pk)
        _set(report, state=AnalysisReport.State.FAILED, message=told, ended_at=timezone.now())
        return
    _set(report, state=AnalysisReport.State.DONE, progress=100, files=files, ended_at=timezone.now())


def _keep(path: Path, body: bytes) -> str:
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(body)
    part.replace(path)
    return hashlib.sha256(body).hexdigest()


def _set(report: AnalysisReport, **values: Any) -> None:
    for name, value in values.items():
        setattr(report, name, value)
    report.save(update_fields=list(values))


def file_of(user: User, pk: int, form: str) -> tuple[AnalysisReport, Path]:
    """A made file for download, with its trail. Raises NotThere for one the person may not see or that is not there."""
    report = AnalysisReport.objects.visible_to(user).filter(pk=pk).first()
    path = path_of(report, form) if report and form in report.files else None
    if report is None or path is None or not path.is_file():
        raise NotThere(_("没有这份报告，或它还没有完成。"))
    with transaction.atomic():
        audit.record("report.download", kind="AnalysisReport", key=pk, division_code=report.division_code,
                     after={"form": form})  # fmt: skip
    return report, path


def settle_broken() -> int:
    """Reports that have been running for longer than any takes lost their worker: they wait again."""
    since = timezone.now() - LONGEST
    broken = AnalysisReport.objects.filter(state=AnalysisReport.State.RUNNING, made_at__lt=since)
    return broken.update(state=AnalysisReport.State.WAITING, progress=0, made_at=timezone.now())
