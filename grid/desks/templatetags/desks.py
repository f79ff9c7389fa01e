"""How things of the desks are written: what waits, what was seen, photos side by side."""

import json

from django import template
from django.utils.translation import gettext as _

from grid.models import CaseApplication
from grid.selectors.media import Album, Evidence

register = template.Library()


@register.filter
def pending_name(kind: str) -> str:
    """The kind of an application in words."""
    return str(dict(CaseApplication.Kind.choices).get(kind, kind))


@register.filter
def as_json(facts: dict[str, str]) -> str:
    """Facts as the value of a hidden field."""
    return json.dumps(facts, ensure_ascii=False)


@register.filter
def two_sides(album: Album) -> list[tuple[str, list[Evidence]]]:
    """The photos before and after, the latest two of each."""
    return [(_("处置前"), album.before[-2:]), (_("处置后"), album.after[-2:])]
