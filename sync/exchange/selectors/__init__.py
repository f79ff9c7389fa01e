"""What pages, the API and other systems ask about the exchange."""

from sync.exchange.selectors.links import LinkCell, LinkRow, dataset_title, link_matrix, links_seen, records_seen
from sync.exchange.selectors.traffic import (
    batches_of,
    comparisons_of,
    comparisons_with,
    reasons_of,
    receipts_of,
    recoveries_of,
    streams_of,
)

__all__ = [
    "LinkCell",
    "LinkRow",
    "batches_of",
    "comparisons_of",
    "comparisons_with",
    "dataset_title",
    "link_matrix",
    "links_seen",
    "reasons_of",
    "receipts_of",
    "records_seen",
    "recoveries_of",
    "streams_of",
]
