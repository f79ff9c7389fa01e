"""The catalogue of datasets by node with its settings, and the due list made of it. A constant number of statements."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max
from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation.records import registry
from sync.aggregation.models import DatasetPlan
from sync.aggregation.rules.dues import PERIODS, PREFILLED, Due, frequency_of, last_due, state_of
from sync.aggregation.selectors.overview import names_seen
from sync.aggregation.selectors.sources import finder, rising
from sync.exchange.models import RecordVersion
from sync.standard.selectors import dictionaries

STATES = ("missing", "late", "ok", "none", "off")
LIGHTS = {"missing": "red", "late": "yellow", "ok": "green", "none": "none", "off": "none"}


@dataclass(frozen=True)
class DueRow:
    """One dataset of one node: its settings, the last period that was due, and how it stands."""

    node_code: str
    name: str
    dataset: str
    title: str
    is_subscribed: bool
    frequency: str
    note: str
    period: str
    due_at: datetime | None
    records: int
    """Of the period where there is one, otherwise all."""
    arrived_at: datetime | None
    """When the first of the period came, otherwise when the last of all did."""
    state: str
    prefilled_from: str

    @property
    def light(self) -> str:
        """The light of the state."""
        return LIGHTS[self.state]

    @property
    def frequency_label(self) -> str:
        """The frequency in words."""
        return str(DatasetPlan.Frequency(self.frequency).label)


def default_frequency(dataset: str, known: Any = None) -> str:
    """How often a dataset is sent where nothing was set: as its definition says."""
    definition = (known or dictionaries.catalogue()).by_code.get(dataset)
    return frequency_of(definition.frequency) if definition else "change"


def due_list(user: User, *, node: str = "", dataset: str = "", state: str = "") -> list[DueRow]:
    """The rows that the person may see, by node and dataset; ``state`` leaves those that stand so."""
    names = {code: name for code, name in names_seen(user).items() if not node or code == node}
    known, now = dictionaries.catalogue(), timezone.now()
    plans = {(one.node_code, one.dataset): one for one in DatasetPlan.objects.filter(node_code__in=names)}
    held = _held(list(names))
    datasets = [code for code in rising() if not dataset or code == dataset]
    periods = _by_period(list(names), datasets, plans, known, now)
    rows = []
    for code in datasets:
        definition = known.by_code.get(code)
        title = dictionaries.title(definition) if definition else code
        for node_code, name in names.items():
            plan = plans.get((node_code, code))
            frequency = plan.frequency if plan else default_frequency(code, known)
            due = last_due(frequency, now, timezone.get_default_timezone()) if code in PERIODS else None
            found = periods.get((node_code, code, frequency)) if due else held.get((node_code, code))
            rows.append(
                _row(
                    node=node_code,
                    name=name,
                    dataset=code,
                    title=title,
                    plan=plan,
                    frequency=frequency,
                    due=due,
                    found=found or (0, None),
                    now=now,
                )
            )
    rows.sort(key=lambda row: (row.node_code, row.dataset))
    return [row for row in rows if not state or row.state == state]


def _row(
    *,
    node: str,
    name: str,
    dataset: str,
    title: str,
    plan: DatasetPlan | None,
    frequency: str,
    due: Due | None,
    found: tuple[int, datetime | None],
    now: datetime,
) -> DueRow:
    records, arrived_at = found
    is_on = plan is None or plan.is_subscribed
    state = state_of(frequency=frequency, due=due, records=records, arrived_at=arrived_at, now=now) if is_on else "off"
    return DueRow(
        node_code=node,
        name=name,
        dataset=dataset,
        title=title,
        is_subscribed=is_on,
        frequency=frequency,
        note=plan.note if plan else "",
        period=due.period if due else "",
        due_at=due.due_at if due else None,
        records=records,
        arrived_at=arrived_at,
        state=state,
        prefilled_from=PREFILLED.get(dataset, ""),
    )


def _held(nodes: list[str]) -> dict[tuple[str, str], tuple[int, datetime | None]]:
    """Records of each node and dataset, and when the last version came."""
    rows = RecordVersion.objects.filter(owner_code__in=nodes, op="U").values("owner_code", "dataset")
    return {(r["owner_code"], r["dataset"]): (r["n"], r["last"]) for r in rows.annotate(n=Count("rid"), last=Max("at"))}


def _by_period(
    nodes: list[str], datasets: list[str], plans: dict[tuple[str, str], DatasetPlan], known: Any, now: datetime
) -> dict[tuple[str, str, str], tuple[int, datetime | None]]:
    """Records of the last period due of each dataset by period, and when the first one first came."""
    find, zone = finder(known), timezone.get_default_timezone()
    found: dict[tuple[str, str, str], tuple[int, datetime | None]] = {}
    for dataset in datasets:
        if dataset not in PERIODS:
            continue
        chosen = {plan.frequency for (_node, code), plan in plans.items() if code == dataset}
        for frequency in sorted(chosen | {default_frequency(dataset, known)}):
            due = last_due(frequency, now, zone)
            if due is not None:
                rows = _of_period(find(dataset), nodes, due, PERIODS[dataset])
                found |= {(owner, dataset, frequency): (count, at) for owner, count, at in rows}
    return found


def _of_period(source: Any, nodes: list[str], due: Due, made: tuple[str, str]) -> list[tuple[str, int, Any]]:
    field, kind = made
    column = source.column(field)
    within = f"{column} BETWEEN %s AND %s" if kind == "day" else f"{column} = %s"
    values = [due.first, due.last] if kind == "day" else [due.period]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.origin_code, count(*), min(v.at) FILTER (WHERE v.rev = 1) FROM {source.table} t "
            f"LEFT JOIN sync_record v ON v.rid = t.rid WHERE t.origin_code = ANY(%s::text[]) AND {within} GROUP BY 1",
            [nodes, *values],
        )
        return cursor.fetchall()


def is_known(dataset: str) -> bool:
    """Whether a node can be asked for a dataset here."""
    return dataset in registry and dataset in rising()
