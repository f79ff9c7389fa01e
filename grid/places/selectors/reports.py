"""Reports of matched addresses, and the hit rate that an acceptance asks for (check D3)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.places.models import MatchReport

SAMPLE = 50
"""Addresses that a test for acceptance has at least (standards.md §5.2, D3)."""
WANTED_PERCENT = Decimal(90)
"""The hit rate that D3 asks for."""


@dataclass(frozen=True)
class HitRate:
    """Share of addresses that were found without doubt 命中率."""

    total: int
    found: int
    ambiguous: int
    missing: int
    report_pk: int
    title: str
    made_at: datetime

    @property
    def percent(self) -> Decimal:
        """Found ÷ all, in percent with one decimal; an address with several possible places is no hit."""
        return percent_of(self.found, self.total)

    @property
    def is_enough(self) -> bool:
        """Whether D3 is met: at least SAMPLE addresses, at least WANTED_PERCENT of them found."""
        return self.total >= SAMPLE and self.percent >= WANTED_PERCENT


def percent_of(found: int, total: int) -> Decimal:
    """A share in percent with one decimal; 0 of nothing."""
    return (Decimal(100 * found) / total).quantize(Decimal("0.1")) if total else Decimal("0.0")


def visible_reports(user: User) -> QuerySet[MatchReport]:
    """The reports a person may see, newest first, without their rows."""
    found: QuerySet[MatchReport] = MatchReport.objects.visible_to(user).defer("rows").order_by("-id")
    return found


def get_report(user: User, pk: int) -> MatchReport:
    """One report with its rows. Raises NotThere where the person may not see it."""
    found: MatchReport | None = MatchReport.objects.visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def hit_rate() -> HitRate | None:
    """The latest report over the whole city with at least SAMPLE addresses, for the acceptance report (D3).

    None where no such test was made.
    """
    rows = MatchReport.objects.filter(division_code=settings.CITYOPS_REGION, total__gte=SAMPLE).defer("rows")
    report = rows.order_by("-id").first()
    if report is None:
        return None
    return HitRate(
        report.total, report.found, report.ambiguous, report.missing, report.pk, report.title, report.made_at
    )
