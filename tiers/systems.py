"""The system matrix 系统矩阵: which tier runs what (standards.md §1.2), as data; switchable per deployment.

A system that is off has no route, no menu entry and no schedule.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tiers.tier import Tier


class Share(StrEnum):
    """How a tier has a system: its own, shared from the nation, receives and answers, or not at all."""

    OWN = "own"
    SHARED = "shared"
    ANSWERS = "answers"
    NONE = ""


@dataclass(frozen=True)
class System:
    """One of the twelve systems of the platform."""

    name: str
    title: str | Promise
    national: Share
    provincial: Share
    municipal: Share
    is_built: bool = False
    """False while the system's package is a reserved name; it then runs nowhere."""

    def share(self, tier: Tier) -> Share:
        """How ``tier`` has this system by default."""
        return Share(getattr(self, tier.value))


O, S, A, X = Share.OWN, Share.SHARED, Share.ANSWERS, Share.NONE  # noqa: E741
MATRIX: tuple[System, ...] = (
    System("guidance", _("业务指导"), O, S, S),
    System("supervision", _("监督检查"), O, O, A),
    System("analysis", _("监测分析"), O, O, X, is_built=True),
    System("evaluation", _("综合评价"), O, O, O, is_built=True),
    System("decisions", _("决策建议"), O, O, O),
    System("command", _("指挥协调"), X, X, O, is_built=True),
    System("industry", _("行业应用"), X, A, O),
    System("publicservice", _("公众服务"), X, X, O),
    System("monitoring", _("运行监测"), X, X, O),
    System("exchange", _("数据交换"), O, O, O, is_built=True),
    System("aggregation", _("数据汇聚"), O, O, O, is_built=True),
    System("maintenance", _("应用维护"), O, O, O, is_built=True),
)
BY_NAME = {system.name: system for system in MATRIX}


def active_systems(tier: Tier | None = None, changes: list[str] | None = None) -> frozenset[str]:
    """Names of the systems that run here: the tier's default, with CITYOPS_SYSTEMS (``+name``, ``-name``) applied.

    Raises ImproperlyConfigured for a name that is no system, or for switching on one that is not built yet.
    """
    tier = Tier(settings.CITYOPS_TIER) if tier is None else tier
    changes = settings.CITYOPS_SYSTEMS if changes is None else changes
    running = {s.name for s in MATRIX if s.is_built and s.share(tier) is not Share.NONE}
    for change in changes:
        sign, name = change[:1], change[1:]
        if sign not in "+-" or name not in BY_NAME:
            raise ImproperlyConfigured(
                f"CITYOPS_SYSTEMS: {change!r} is not +name or -name of one of {', '.join(BY_NAME)}."
            )
        if sign == "+" and not BY_NAME[name].is_built:
            raise ImproperlyConfigured(f"CITYOPS_SYSTEMS: the system {name!r} is not built in this version.")
        (running.add if sign == "+" else running.discard)(name)
    return frozenset(running)


def is_active(name: str) -> bool:
    """Whether a system runs on this instance."""
    return name in active_systems()
