"""Saved views 常用视图: keep filters under a name, share them with the post, begin with one."""

from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, Refused, field_fault
from grid.desks.models import SavedView
from grid.desks.rules.desks import DESKS

MOST_VIEWS = 30
"""Views that one person may keep for one desk."""
LONGEST_QUERY = 1000
DROPPED = frozenset({"page", "cursor", "format", "as", "csrfmiddlewaretoken"})
"""Words of an address that say where somebody is, not what is looked for."""


def view_desks() -> tuple[str, ...]:
    """What a view may belong to."""
    return (SavedView.LIST, *DESKS)


def clean_query(query: str) -> str:
    """The filters of an address without what is empty or of the moment."""
    pairs = parse_qsl(query.lstrip("?"))
    return urlencode([(name, value) for name, value in pairs if name not in DROPPED and value])


@transaction.atomic
def save_view(
    actor: User, *, desk: str, name: str, query: str, is_shared: bool = False, is_default: bool = False
) -> SavedView:
    """Keep a view; one of the same name is written anew. Raises InvalidInput, and Refused where there are too many."""
    name, query = name.strip(), clean_query(query)
    if desk not in view_desks():
        raise field_fault("desk", "code", _("没有这个工作台；可用：%s。") % "、".join(view_desks()))
    if not name or len(name) > 40:
        raise field_fault("name", "length", _("名称为 1 到 40 个字。"))
    if len(query) > LONGEST_QUERY:
        raise field_fault("query", "too_long", _("筛选条件太长，请减少条件。"))
    own = SavedView.objects.workable_by(actor).select_for_update().filter(desk=desk)
    if not own.filter(name=name).exists() and own.count() >= MOST_VIEWS:
        raise Refused(_("每个工作台最多保存 %s 个视图，请先删除不用的。") % MOST_VIEWS)
    if is_default:
        own.filter(is_default=True).update(is_default=False)
    view, _is_new = SavedView.objects.update_or_create(
        owner=actor, desk=desk, name=name,
        defaults={"query": query, "is_shared": is_shared, "is_default": is_default},
    )  # fmt: skip
    audit.record(
        "desk.save_view", kind="SavedView", key=view.pk, division_code=actor.division_code,
        after={"desk": desk, "name": name, "query": query, "is_shared": is_shared, "is_default": is_default},
    )  # fmt: skip
    return view


@transaction.atomic
def drop_view(actor: User, pk: int) -> None:
    """Remove an own view. Raises NotThere for anybody else's."""
    view = SavedView.objects.workable_by(actor).filter(pk=pk).first()
    if view is None:
        raise NotThere(_("没有这个视图，或它不是您的。"))
    audit.record(
        "desk.drop_view", kind="SavedView", key=pk, division_code=actor.division_code,
        before={"desk": view.desk, "name": view.name, "query": view.query},
    )  # fmt: skip
    view.delete()


def get_view(user: User, pk: int) -> SavedView:
    """A view that the person may use. Raises NotThere."""
    view: SavedView | None = SavedView.objects.visible_to(user).filter(pk=pk).first()
    if view is None:
        raise NotThere(_("没有这个视图。"))
    return view


def views_for(user: User, desk: str) -> list[SavedView]:
    """The views a person may use at a desk, own ones first; one query."""
    rows = SavedView.objects.visible_to(user).filter(desk=desk).select_related("owner")
    return sorted(rows, key=lambda view: (view.owner_id != user.pk, view.name))


def default_query(user: User, desk: str) -> str:
    """What a desk begins with; empty where the person has said nothing."""
    view = SavedView.objects.workable_by(user).filter(desk=desk, is_default=True).first()
    return view.query if view else ""
