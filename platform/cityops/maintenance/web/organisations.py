"""Organisations: list as a tree by code, one with its people, make and change."""

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cityops.accounts.guards import person_of
from cityops.accounts.models import Organisation, User
from cityops.accounts.scoping import may_work_on
from cityops.accounts.services.organisations import FIELDS, change_organisation, create_organisation
from cityops.foundation.errors import NotThere
from cityops.foundation.exports import Column
from cityops.maintenance.web.forms import NewOrganisationForm, OrganisationForm
from cityops.maintenance.web.lists import Action, Cell, ListPage
from cityops.maintenance.web.parts import Block, Button, detail_page, form_page


class OrganisationFilter(django_filters.FilterSet):
    """By words, type, state."""

    q = django_filters.CharFilter(label=_("代码或名称"), method="words")
    org_type = django_filters.ChoiceFilter(label=_("机构类型"), choices=Organisation.Type.choices)
    status = django_filters.ChoiceFilter(label=_("状态"), choices=Organisation.Status.choices)

    class Meta:
        model = Organisation
        fields = ("org_type", "status")

    def words(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Code from its beginning, or any part of the name."""
        return queryset.filter(Q(org_code__startswith=value) | Q(name__icontains=value))


class OrganisationList(ListPage):
    """机构列表."""

    title = pgettext_lazy("菜单", "机构")
    heads = (_("机构代码"), _("名称"), _("机构类型"), _("所在区划"), _("上级机构"), _("归属节点"), _("状态"))
    filterset = OrganisationFilter
    actions = (Action(_("新建机构"), "organisation-new", "plus", "accounts.change_organisation"),)
    empty = _("您的可见范围内没有机构;系统管理员可以新建。")
    export = (
        Column(_("机构代码"), "org_code"),
        Column(_("名称"), "name"),
        Column(_("机构类型"), "get_org_type_display"),
        Column(_("所在区划"), "division_code"),
        Column(_("上级机构"), "parent_code"),
        Column(_("职责"), "duty_scope"),
        Column(_("归属节点"), "origin_code"),
        Column(_("状态"), "get_status_display"),
    )
    export_action = "organisation.export"

    def queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        """By division, then code."""
        found: QuerySet[Organisation] = Organisation.objects.visible_to(person_of(request)).order_by(
            "division_code", "org_code"
        )
        return found

    def cells(self, thing: Organisation) -> Iterable[Cell]:
        """One organisation."""
        return (
            Cell(thing.org_code, reverse("organisation-detail", args=[thing.org_code]), css="mono"),
            Cell(thing.name),
            Cell(thing.get_org_type_display()),
            Cell(thing.division_code, css="mono"),
            Cell(thing.parent_code, css="mono"),
            Cell(thing.origin_code, css="mono"),
            Cell(thing.get_status_display(), light="green" if thing.status == Organisation.Status.VALID else "paused"),
        )


def organisation_detail(request: HttpRequest, org_code: str) -> HttpResponse:
    """One organisation, those under it, and for who may see people, its people."""
    organisation = _one(Organisation.objects.visible_to(person_of(request)), org_code)
    facts = [
        (field.verbose_name, _shown(organisation, field.name))
        for field in Organisation._meta.fields
        if field.name in ("org_code", "origin_code", *FIELDS)
    ]
    below = Organisation.objects.visible_to(person_of(request)).filter(parent_code=org_code)
    blocks = [
        Block(
            _("下级机构"),
            (_("机构代码"), _("名称"), _("机构类型")),
            [
                [
                    Cell(o.org_code, reverse("organisation-detail", args=[o.org_code])),
                    Cell(o.name),
                    Cell(o.get_org_type_display()),
                ]
                for o in below
            ],
            _("没有下级机构。"),
        )
    ]
    if person_of(request).has_perm("accounts.view_person"):
        people = User.objects.visible_to(person_of(request)).filter(organisation=organisation)
        rows = [[Cell(p.username, reverse("person-detail", args=[p.username])), Cell(p.name)] for p in people]
        blocks.append(Block(_("人员"), (_("登录名"), _("姓名")), rows, _("没有人员。")))
    buttons = []
    if person_of(request).has_perm("accounts.change_organisation") and _may_change(request, organisation):
        buttons.append(Button(_("修改"), reverse("organisation-edit", args=[org_code]), "edit"))
    return detail_page(
        request,
        title=organisation.name,
        back=reverse("organisation-list"),
        back_title=pgettext_lazy("菜单", "机构"),
        facts=facts,
        buttons=buttons,
        blocks=blocks,
    )


def organisation_new(request: HttpRequest) -> HttpResponse:
    """Make one."""
    form = NewOrganisationForm(request.POST or None, initial={"division_code": person_of(request).division_code})

    def save(values: dict[str, Any]) -> str:
        code, reason = values.pop("org_code"), values.pop("reason")
        return reverse(
            "organisation-detail", args=[create_organisation(person_of(request), code, values, reason=reason).org_code]
        )

    return form_page(
        request,
        form,
        title=_("新建机构"),
        submit=_("新建"),
        back=reverse("organisation-list"),
        back_title=pgettext_lazy("菜单", "机构"),
        save=save,
    )


def organisation_edit(request: HttpRequest, org_code: str) -> HttpResponse:
    """Change one."""
    organisation = _one(Organisation.objects.workable_by(person_of(request)), org_code)
    form = OrganisationForm(request.POST or None, initial={name: getattr(organisation, name) for name in FIELDS})
    address = reverse("organisation-detail", args=[org_code])

    def save(values: dict[str, Any]) -> str:
        reason = values.pop("reason")
        change_organisation(person_of(request), organisation, values, reason=reason)
        return address

    return form_page(
        request, form, title=_("修改机构"), submit=_("保存"), back=address, back_title=organisation.name, save=save
    )


def _one(organisations: QuerySet[Organisation], org_code: str) -> Organisation:
    organisation = organisations.filter(org_code=org_code).first()
    if organisation is None:
        raise NotThere
    return organisation


def _may_change(request: HttpRequest, organisation: Organisation) -> bool:
    return not organisation.is_replica and may_work_on(person_of(request), organisation)


def _shown(organisation: Organisation, name: str) -> Any:
    """A value in words: that of a code list by its label."""
    words = getattr(organisation, f"get_{name}_display", None)
    return words() if words else getattr(organisation, name)
