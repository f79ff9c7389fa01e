"""What every page knows: the node, the tier, the person's menu."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from cityops.regions.models import Division
from cityops.web.menu import items_for
from tiers import tier


def shell(request: HttpRequest) -> dict[str, Any]:
    """Name and tier of this node, whether its data are simulated, as of when they are shown, and the menu.

    The menu is asked for only where it is drawn; a page whose data are older says its own ``as_of``.
    """
    here = tier.this_instance()
    match = getattr(request, "resolver_match", None)
    url_name = (match.url_name or "") if match else ""
    user = getattr(request, "user", None)
    return {
        "node_name": SimpleLazyObject(node_name),
        "tier": here.tier.value,
        "tier_name": tier.NAMES[here.tier],
        "node_code": here.node_code,
        "is_simulated": settings.CITYOPS_SIMULATED,
        "as_of": timezone.now(),
        "menu": SimpleLazyObject(lambda: items_for(user, url_name)),
    }


def node_name() -> str:
    """The name that an operator gave this node, or one made from its division."""
    return settings.CITYOPS_NAME or _("%(place)s城市运行管理服务平台") % {"place": _place()}


def _place() -> str:
    here = tier.this_instance()
    if here.tier is tier.Tier.NATIONAL:
        return _("国家")
    key = f"web:place:{here.region_code}"
    name: str | None = cache.get(key)
    if name is None:
        name = Division.objects.current().filter(code=here.region_code).values_list("name", flat=True).first() or ""
        cache.set(key, name, 300 if name else 5)
    return name
