"""What holds for each kind of signal."""

from grid.signals.models import SignalSetting
from grid.signals.rules.kinds import Kind, Terms, sample_terms


def terms_of(kind: Kind) -> Terms:
    """The terms of one kind: the city's latest, else the sample."""
    row = SignalSetting.objects.filter(kind=kind).order_by("-version").first()
    return sample_terms(kind) if row is None else _read(row)


def all_terms() -> dict[Kind, Terms]:
    """The terms of every kind; one query."""
    latest = SignalSetting.objects.order_by("kind", "-version").distinct("kind")
    own = {Kind(row.kind): _read(row) for row in latest}
    return {kind: own.get(kind) or sample_terms(kind) for kind in Kind}


def _read(row: SignalSetting) -> Terms:
    kind = Kind(row.kind)
    values = {**sample_terms(kind).values, **row.values}
    return Terms(kind, row.version, row.is_on, row.window_days, values)
