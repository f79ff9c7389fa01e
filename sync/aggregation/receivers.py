"""What aggregation does when records arrive."""

from typing import Any

from django.dispatch import receiver

from sync.aggregation.services.hearing import hear
from sync.exchange.events import records_arrived


@receiver(records_arrived, dispatch_uid="sync.aggregation.arrived")
def arrived(datasets: frozenset[str], **_kwargs: Any) -> None:
    """Hear answers to issues."""
    if "JH05" in datasets:
        hear()
