"""The datasets as the quality rules see them: table, columns, names; and whose records are looked at."""

from collections.abc import Iterable
from functools import cache

from django.conf import settings
from django.db import connection

from cityops.foundation.records import Flow, RecordKind, local_node, registry
from sync.aggregation.models import DatasetPlan
from sync.aggregation.rules.sql import Children, Lookup, RuleFault, Source
from sync.exchange.models import Stream
from sync.exchange.rules.places import is_under
from sync.standard.rules.definitions import Catalogue
from sync.standard.selectors.dictionaries import catalogue
from tiers.models import Node

TEXT = ("CharField", "TextField")


def source_of(dataset: str, known: Catalogue) -> Source:
    """One dataset. Raises RuleFault for one that no app registers."""
    if dataset not in registry:
        raise RuleFault(f"No app keeps the dataset {dataset}.")
    return _source(registry.get(dataset), known)


def _source(kind: RecordKind, known: Catalogue) -> Source:
    meta = kind.model._meta
    quote = connection.ops.quote_name
    fields = {name: meta.get_field(column) for name, column in kind.fields.items()}
    definition = known.by_code.get(kind.dataset)
    named = definition.by_name if definition else {}
    return Source(
        dataset=kind.dataset,
        table=quote(kind.table),
        columns={name: quote(str(getattr(field, "column", name))) for name, field in fields.items()},
        labels={name: named[name].cn if name in named else name for name in fields},
        key=definition.key if definition and definition.key else (next(iter(fields)),),
        children={
            child.name: Children(
                quote(child.model._meta.db_table), quote(child.parent), frozenset((child.parent, *child.fields))
            )
            for child in kind.children
        },
        text=frozenset(name for name, field in fields.items() if field.get_internal_type() in TEXT),
    )


def finder(known: Catalogue | None = None) -> Lookup:
    """A function that gives the source of a dataset, each made once."""
    found = known or catalogue()
    return cache(lambda dataset: source_of(dataset, found))


def rising() -> list[str]:
    """Codes of the datasets that come up, which the rules may be about."""
    return [kind.dataset for kind in registry if kind.flow is Flow.UP]


def owners() -> list[str]:
    """This node and those below whose records are, or may be, here; in the order of codes."""
    here = local_node()
    told = {*Stream.objects.filter(flow=Flow.UP.value).values_list("producer_code", flat=True)}
    told |= {*Node.objects.values_list("node_code", flat=True)}
    return sorted({here, *(code for code in told if _is_below(code, here))})


def _is_below(code: str, here: str) -> bool:
    try:
        return is_under(code, here)
    except ValueError:
        return False


def unsubscribed(codes: Iterable[str]) -> set[tuple[str, str]]:
    """Node and dataset of what is not subscribed."""
    rows = DatasetPlan.objects.filter(node_code__in=list(codes), is_subscribed=False)
    return {*rows.values_list("node_code", "dataset")}


def zone() -> str:
    """The time zone in which days begin here."""
    return str(settings.TIME_ZONE)
