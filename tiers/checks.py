"""System check: tier, division and node code of the settings describe one and the same instance."""

import re
from typing import Any

from django.core.checks import CheckMessage, Error, register

from tiers.tier import NODE_LETTER, Tier, this_instance

REGIONS = {
    Tier.NATIONAL: re.compile(r"0{12}"),
    Tier.PROVINCIAL: re.compile(r"[1-9]\d0{10}"),
    Tier.MUNICIPAL: re.compile(r"[1-9]\d(?!00)\d{2}0{8}|[1-9]\d90(?!00)\d{2}0{6}|(11|12|31|50)0{10}"),
}
"""Divisions where an instance of a tier stands.

A city has four digits, or six where it lies right under its province (济源 419001); the four municipalities under the
nation (北京, 天津, 上海, 重庆) are cities with the code of a province.
"""
EXAMPLES = {Tier.NATIONAL: "000000000000", Tier.PROVINCIAL: "330000000000", Tier.MUNICIPAL: "330100000000"}


@register()
def one_instance(**_kwargs: Any) -> list[CheckMessage]:
    """Errors tiers.E001 (the division is none of the tier's level) and tiers.E002 (the node is another's)."""
    here = this_instance()
    found: list[CheckMessage] = []
    if not REGIONS[here.tier].fullmatch(here.region_code):
        found.append(
            Error(
                f"CITYOPS_REGION {here.region_code!r} is no division of a {here.tier.value} instance.",
                hint=f"Give its division code with 12 digits, as {EXAMPLES[here.tier]}.",
                id="tiers.E001",
            )
        )
    node_code = f"{here.region_code}-{NODE_LETTER[here.tier]}"
    if here.node_code != node_code:
        found.append(
            Error(
                f"CITYOPS_NODE {here.node_code!r} is not the node of this tier and division.",
                hint=f"Set CITYOPS_NODE={node_code}, or mend CITYOPS_TIER and CITYOPS_REGION.",
                id="tiers.E002",
            )
        )
    return found
