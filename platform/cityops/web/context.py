"""What every page knows: the node, the tier, the menu."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tiers import tier


def shell(_request: HttpRequest) -> dict[str, Any]:
    """Name and tier of this node, and whether its data are simulated."""
    here = tier.this_instance()
    return {
        "node_name": settings.CITYOPS_NAME,
        "tier": here.tier.value,
        "tier_name": tier.NAMES[here.tier],
        "is_simulated": settings.CITYOPS_SIMULATED,
    }
