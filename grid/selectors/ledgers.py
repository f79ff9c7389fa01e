"""Shares of the exceptions 台账占比: applications granted over the cases filed in a span (Jiangsu: keep it low)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from cityops.accounts.models import User
from grid.models import Case, CaseApplication


@dataclass(frozen=True)
class Share:
    """One kind of exception in a span of days."""

    kind: str
    label: str
    applied: int
    granted: int
    waiting: int
    filed: int

    @property
    def percent(self) -> float | None:
        """Granted over filed, in percent with one decimal; None where nothing was filed."""
        return round(100 * self.granted / self.filed, 1) if self.filed else None


def shares(user: User, first: date, last: date) -> list[Share]:
    """The kinds of applications with their share, of the cases a person sees; two queries."""
    filed = Case.objects.visible_to(user).filter(filed_at__date__gte=first, filed_at__date__lte=last).count()
    rows = (
        CaseApplication.objects.visible_to(user)
        .filter(applied_at__date__gte=first, applied_at__date__lte=last)
        .order_by()
        .values("kind")
        .annotate(
            applied=Count("pk"),
            granted=Count("pk", filter=Q(state=CaseApplication.State.APPROVED)),
            waiting=Count("pk", filter=Q(state=CaseApplication.State.PENDING)),
        )
    )
    found = {row["kind"]: row for row in rows}
    none = {"applied": 0, "granted": 0, "waiting": 0}
    return [
        Share(
            kind=kind.value,
            label=str(kind.label),
            filed=filed,
            **{name: found.get(kind.value, none)[name] for name in none},
        )
        for kind in CaseApplication.Kind
    ]
