"""Roles: list, one with what it allows, make, change."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cityops.accounts.guards import person_of
from cityops.accounts.models import Role, User
from cityops.accounts.permissions import all_permissions
from cityops.accounts.roles import ADMINISTRATORS
from cityops.accounts.services import roles
from cityops.accounts.services.limits import codenames_of, has_whole_instance, whole_instance
from cityops.foundation.errors import NotThere
from cityops.maintenance.web.forms import NewRoleForm, ReasonForm, RoleForm, RolePermissionsForm
from cityops.maintenance.web.lists import Action, Cell, ListPage
from cityops.maintenance.web.parts import Block, Button, detail_page, form_page
from tiers.tier import this_instance


class RoleList(ListPage):
    """角色列表."""

    title = pgettext_lazy("菜单", "角色")
    heads = (_("角色代码"), _("名称"), _("预置"), _("限本单位"), _("人数"))
    actions = (Action(_("新建角色"), "role-new", "plus", "accounts.change_role", is_for_all=True),)

    def queryset(self, request: HttpRequest) -> QuerySet[Role]:
        """The roles of this tier."""
        found = Role.objects.filter(tiers__contains=[this_instance().tier.value])
        return found.annotate(people=Count("user")).order_by("pk")

    def cells(self, thing: Any) -> Iterable[Cell]:
        """One role."""
        return (
            Cell(thing.code, reverse("role-detail", args=[thing.code]), css="mono"),
            Cell(thing.title),
            Cell(_now("是") if thing.is_seeded else _now("否")),
            Cell(_now("是") if thing.is_bound_to_organisation else _now("否")),
            Cell(thing.people),
        )


def _role(code: str) -> Role:
    role = Role.objects.filter(code=code, tiers__contains=[this_instance().tier.value]).first()
    if role is None:
        raise NotThere
    return role


def role_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One role and what it allows."""
    role = _role(code)
    held = codenames_of([role])
    rows = [[Cell(p.label), Cell(p.codename)] for p in all_permissions() if p.codename in held]
    return detail_page(
        request,
        title=role.title,
        back=reverse("role-list"),
        back_title=pgettext_lazy("菜单", "角色"),
        facts=[
            (_("角色代码"), role.code),
            (_("预置"), _now("是") if role.is_seeded else _now("否")),
            (_("限本单位"), _now("是") if role.is_bound_to_organisation else _now("否")),
            (_("人数"), role.user_set.count()),
        ],
        buttons=_buttons(person_of(request), role),
        blocks=[Block(_("权限"), (_("权限"), _("代码")), rows, _("这个角色还没有任何权限。"))],
    )


def _buttons(person: User, role: Role) -> list[Button]:
    if not (person.has_perm("accounts.change_role") and has_whole_instance(person)) or role.code in ADMINISTRATORS:
        return []
    found = [Button(_("修改权限"), reverse("role-edit", args=[role.code]), "edit")]
    if not role.is_seeded:
        found.append(Button(_("修改角色"), reverse("role-change", args=[role.code]), "settings"))
        found.append(Button(_("删除角色"), reverse("role-delete", args=[role.code]), "trash"))
    return found


def role_change(request: HttpRequest, code: str) -> HttpResponse:
    """Rename a role of one's own, bind it or free it."""
    whole_instance(person_of(request))
    role = _own_role(code)
    initial = {"name": role.name, "is_limited": role.is_bound_to_organisation}
    form = RoleForm(request.POST or None, initial=initial)
    address = reverse("role-detail", args=[code])

    def save(values: dict[str, Any]) -> str:
        reason = values["reason"]
        roles.change_role(person_of(request), role, values["name"], is_bound=values["is_limited"], reason=reason)
        return address

    return form_page(
        request, form, title=_("修改角色"), submit=_("保存"), back=address, back_title=role.title, save=save
    )


def role_delete(request: HttpRequest, code: str) -> HttpResponse:
    """Delete a role of one's own that nobody holds."""
    whole_instance(person_of(request))
    role = _own_role(code)
    address = reverse("role-detail", args=[code])

    def save(values: dict[str, Any]) -> str:
        roles.delete_role(person_of(request), role, reason=values["reason"])
        return reverse("role-list")

    return form_page(
        request,
        ReasonForm(request.POST or None),
        title=_("删除角色"),
        submit=_("删除"),
        back=address,
        back_title=role.title,
        note=_("只能删除没有人担任的自建角色;审计记录保留。"),
        done=_("已删除。"),
        save=save,
    )


def _own_role(code: str) -> Role:
    """A role that people made; those of the product have no such pages."""
    role = _role(code)
    if role.is_seeded:
        raise NotThere
    return role


def role_new(request: HttpRequest) -> HttpResponse:
    """Make a role."""
    whole_instance(person_of(request))
    form = NewRoleForm(request.POST or None)

    def save(values: dict[str, Any]) -> str:
        tier = this_instance().tier.value
        role = roles.create_role(
            person_of(request),
            values["code"],
            values["name"],
            tier,
            is_bound=values["is_limited"],
            reason=values["reason"],
        )
        return reverse("role-edit", args=[role.code])

    return form_page(
        request,
        form,
        title=_("新建角色"),
        submit=_("新建"),
        back=reverse("role-list"),
        back_title=pgettext_lazy("菜单", "角色"),
        save=save,
    )


def role_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change what a role allows."""
    whole_instance(person_of(request))
    role = _role(code)
    form = RolePermissionsForm(request.POST or None, initial={"permissions": sorted(codenames_of([role]))})
    address = reverse("role-detail", args=[code])

    def save(values: dict[str, Any]) -> str:
        roles.set_permissions(person_of(request), role, values["permissions"], reason=values["reason"])
        return address

    return form_page(
        request, form, title=_("修改权限"), submit=_("保存"), back=address, back_title=role.title, save=save
    )
