"""The tier of this instance 层级, chosen by CITYOPS_TIER."""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Tier(StrEnum):
    """国家, 省, 市."""

    NATIONAL = "national"
    PROVINCIAL = "provincial"
    MUNICIPAL = "municipal"


NODE_LETTER = {Tier.NATIONAL: "N", Tier.PROVINCIAL: "P", Tier.MUNICIPAL: "C"}
TIER_CODE = {Tier.NATIONAL: "1", Tier.PROVINCIAL: "2", Tier.MUNICIPAL: "3"}
"""Code list CL_TIER."""
NAMES: dict[Tier, str | Promise] = {Tier.NATIONAL: _("国家级"), Tier.PROVINCIAL: _("省级"), Tier.MUNICIPAL: _("市级")}


@dataclass(frozen=True)
class Instance:
    """What this deployment is: tier, division (12 digits) and node code (division, dash, N, P or C)."""

    tier: Tier
    region_code: str
    node_code: str


def this_instance() -> Instance:
    """The instance that the settings describe."""
    return Instance(Tier(settings.CITYOPS_TIER), settings.CITYOPS_REGION, settings.CITYOPS_NODE)
