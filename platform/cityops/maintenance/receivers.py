"""What maintenance does when something happened elsewhere."""

from typing import Any

from django.dispatch import receiver

from cityops.maintenance.selectors.moves import left_behind
from cityops.regions.events import divisions_loaded


@receiver(divisions_loaded)
def tell_of_who_is_left_behind(sender: Any, **kwargs: Any) -> list[str]:
    """Tell the operator whose division is over."""
    return left_behind()
