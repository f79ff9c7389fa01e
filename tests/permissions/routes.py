"""The routes of each tier, read from the URL tables themselves."""

from functools import cache
from typing import NamedTuple

from django.urls.resolvers import URLPattern, URLResolver

from cityops import urls
from tests.permissions.policy import BY_NAME, Row
from tiers.systems import active_systems
from tiers.tier import Tier

LETTER = {"n": Tier.NATIONAL, "p": Tier.PROVINCIAL, "m": Tier.MUNICIPAL}


class Route(NamedTuple):
    """One route of one tier."""

    name: str
    pattern: str
    view: object

    @property
    def is_described(self) -> bool:
        """Whether it stands in the document of our API."""
        return self.name.startswith("api:")

    @property
    def is_api(self) -> bool:
        """Whether programs come here: without a sign-in it answers 401, not with the page for it."""
        return self.is_described or self.row.machines

    @property
    def row(self) -> Row:
        return BY_NAME[self.name]


def walk(patterns, prefix="", namespace=""):
    """Every route below some URL patterns."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern.url_patterns, prefix + str(pattern.pattern), inner)
        elif isinstance(pattern, URLPattern):
            yield Route(f"{namespace}{pattern.name}", prefix + str(pattern.pattern), pattern.callback)


@cache
def routes_of(letter: str) -> tuple[Route, ...]:
    """Every route of a tier, with all its systems as they are by default."""
    return tuple(walk(urls.routes(active_systems(LETTER[letter], []))))


def guard_of(route: Route) -> tuple[set[str], set[str]] | None:
    """Permissions that the code asks for, to read and to write; None where it asks for no sign-in by itself."""
    if (asked := getattr(route.view, "required_permissions", None)) is not None:
        return set(asked), set(asked)
    view = getattr(route.view, "cls", None)
    if view is None:
        return None
    reads, writes, names = set(), set(), set()
    for guard in route.view.initkwargs.get("permission_classes", view.permission_classes):
        names.add(getattr(guard, "__name__", type(guard).__name__))
        if hasattr(guard, "codename"):
            reads |= {guard.codename} - {""}
            writes |= {guard.write} - {""}
    return None if names == {"AllowAny"} else (reads, writes)
