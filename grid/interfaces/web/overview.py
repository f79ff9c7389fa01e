"""What is offered to other systems: addresses to copy, how to connect, how often it is used."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from cityops.accounts.guards import person_of
from grid.interfaces.selectors.collections import COLLECTIONS
from grid.interfaces.services.usage import FEATURES, OPEN311, uses


@dataclass(frozen=True)
class Offer:
    """One interface as the page shows it. ``steps`` is the template with how to connect."""

    code: str
    title: str
    text: str
    standard: str
    addresses: list[tuple[str, str]]
    """What is there, and its address."""
    steps: str
    uses: list[tuple[Any, int]]

    @property
    def today(self) -> int:
        """Answered requests of today."""
        return self.uses[0][1]

    @property
    def total(self) -> int:
        """Answered requests of all days shown."""
        return sum(count for _day, count in self.uses)


def _base() -> str:
    return str(settings.CITYOPS_BASE_URL).rstrip("/")


def overview(request: HttpRequest) -> HttpResponse:
    """The page. Addresses are those at which the node says it is reached; else those of this request."""
    base = _base() or request.build_absolute_uri("/").rstrip("/")
    features = base + reverse("ogc-landing")
    open311 = base + reverse("open311-discovery", args=["json"]).rpartition("/")[0]
    offers = [
        Offer(
            code=FEATURES,
            title=_("地理要素 (OGC API Features)"),
            text=_(
                "供 QGIS、ArcGIS、GDAL 等直接读取单元网格、管理部件和案件;看到什么由令牌所属对接系统的角色和区划决定。"
            ),
            standard="OGC 17-069r4, OGC 18-058r1",
            addresses=[
                (_("入口"), features),
                *((str(one.title), f"{features}collections/{one.id}/items") for one in COLLECTIONS),
            ],
            steps="interfaces/parts/features_steps.html",
            uses=uses(FEATURES),
        ),
        Offer(
            code=OPEN311,
            title=_("公众诉求 (Open311 GeoReport v2)"),
            text=_("供公众小程序和第三方应用提交问题、查询进展;不用令牌只能读脱敏的公开内容,提交要用令牌。"),
            standard="Open311 GeoReport v2",
            addresses=[
                (_("入口"), open311),
                (_("发现文件"), f"{open311}/discovery.xml"),
                (_("服务目录"), f"{open311}/services.json"),
                (_("诉求"), f"{open311}/requests.json"),
            ],
            steps="interfaces/parts/open311_steps.html",
            uses=uses(OPEN311),
        ),
    ]
    facts = {
        "offers": offers,
        "features": features,
        "open311": open311,
        "jurisdiction": settings.CITYOPS_REGION[:6],
        "may_issue": person_of(request).has_perm("accounts.manage_token"),
    }
    return render(request, "interfaces/overview.html", facts)
