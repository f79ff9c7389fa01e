"""People: list, one with roles and exceptions, make, change, disable, roles, password, lock-out, single grants."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cityops.accounts.guards import person_of
from cityops.accounts.models import Role, User
from cityops.accounts.selectors.sign_ins import failures_of
from cityops.accounts.services import grants, people
from cityops.accounts.services.limits import visible_person
from cityops.foundation.errors import field_fault
from cityops.foundation.exports import Column
from cityops.maintenance.selectors.grants import GRANTABLE, all_grants, grants_of, told_of
from cityops.maintenance.web import forms
from cityops.maintenance.web.lists import Action, Cell, ListPage, when
from cityops.maintenance.web.parts import Block, Button, detail_page, form_page
from tiers.tier import this_instance


class PersonFilter(django_filters.FilterSet):
    """By words, role, state."""

    q = django_filters.CharFilter(label=_("登录名或姓名"), method="words")
    role = django_filters.ModelChoiceFilter(
        label=_("角色"), queryset=Role.objects.all(), to_field_name="code", field_name="groups__role"
    )
    is_active = django_filters.ChoiceFilter(label=_("状态"), choices=(("true", _("启用")), ("false", _("停用"))))

    class Meta:
        model = User
        fields = ("is_active",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.form.fields
        fields["role"].label_from_instance = lambda role: role.title  # in the reader's language

    def words(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Any part of user name or name."""
        return queryset.filter(Q(username__icontains=value) | Q(name__icontains=value))


def _roles(person: Any) -> str:
    return _now("、").join(role.title for role in person.held)


class PersonList(ListPage):
    """人员列表."""

    title = pgettext_lazy("菜单", "人员")
    heads = (_("登录名"), _("姓名"), _("所属机构"), _("负责区划"), _("角色"), _("最近登录"), _("状态"))
    filterset = PersonFilter
    actions = (Action(_("新建人员"), "person-new", "user-plus", "accounts.change_person"),)
    empty = _("您的可见范围内没有人员。")
    export = (
        Column(_("登录名"), "username"),
        Column(_("姓名"), "name"),
        Column(_("所属机构"), lambda person: person.organisation.name if person.organisation else ""),
        Column(_("负责区划"), "division_code"),
        Column(_("角色"), _roles),
        Column(_("最近登录"), "last_login"),
        Column(_("启用"), "is_active"),
    )
    export_action = "person.export"
    orders = {
        "0": ("username",),
        "1": ("name", "username"),
        "2": ("organisation__name", "username"),
        "3": ("division_code", "username"),
        "5": ("last_login", "username"),
        "6": ("is_active", "username"),
    }

    def queryset(self, request: HttpRequest) -> QuerySet[User]:
        """By user name, with organisation and roles."""
        found: QuerySet[User] = User.objects.visible_to(person_of(request)).order_by("username")
        return found.select_related("organisation").prefetch_related(
            Prefetch("groups", queryset=Role.objects.all(), to_attr="held")
        )

    def cells(self, thing: User) -> Iterable[Cell]:
        """One person."""
        return (
            Cell(thing.username, reverse("person-detail", args=[thing.username])),
            Cell(thing.name),
            Cell(thing.organisation or ""),
            Cell(thing.division_code, css="mono"),
            Cell(_roles(thing)),
            Cell(when(thing.last_login)),
            Cell(_now("启用") if thing.is_active else _now("停用"), light="green" if thing.is_active else "paused"),
        )


def person_detail(request: HttpRequest, username: str) -> HttpResponse:
    """One person."""
    person = visible_person(person_of(request), username)
    facts: list[tuple[str | Promise, Any]] = [
        (_("登录名"), person.username),
        (_("姓名"), person.name),
        (_("所属机构"), person.organisation),
        (_("负责区划"), person.division_code),
        (_("对接系统"), _now("是") if person.is_integration else _now("否")),
        (_("角色"), _now("、").join(role.title for role in person.roles)),
        (_("状态"), _now("启用") if person.is_active else _now("停用")),
        (_("最近登录"), when(person.last_login)),
        (_("启用时间"), when(person.active_since)),
    ]
    failures = failures_of(person)
    locked = [one for one in failures if one.locked_until is not None]
    facts.append((_("登录锁定"), _now("、").join(one.address for one in locked) or _now("未锁定")))
    may_grant = person_of(request).has_perm("accounts.grant_object")
    rows = [
        [
            Cell(granted.kind),
            Cell(granted.key),
            Cell(_now("收回"), reverse("person-grant-withdraw", args=[username, granted.pk]))
            if may_grant
            else Cell(""),
        ]
        for granted in grants_of(person)
    ]
    blocks = [
        Block(_("单独授权的对象"), (_("类型"), _("编号"), _("操作")), rows, _("没有范围以外的单独授权。")),
        Block(
            _("最近的登录失败"),
            (_("地址"), _("次数"), _("最近一次"), _("锁定至")),
            [[Cell(f.address), Cell(f.number), Cell(when(f.last_at)), Cell(when(f.locked_until))] for f in failures],
            _("最近没有用这个登录名输错密码。"),
        ),
    ]
    return detail_page(
        request,
        title=str(person),
        back=reverse("person-list"),
        back_title=pgettext_lazy("菜单", "人员"),
        facts=facts,
        buttons=_buttons(request, person),
        blocks=blocks,
    )


def _buttons(request: HttpRequest, person: User) -> list[Button]:
    trail = f"{reverse('audit-list')}?{urlencode({'object_key': person.username})}"
    read = [Button(pgettext_lazy("菜单", "审计记录"), trail, "history")]
    may_read = person_of(request).has_perm("maintenance.view_audit")
    if person.pk == person_of(request).pk:
        return read if may_read else []
    toggle = (_("停用"), "lock") if person.is_active else (_("启用"), "check")
    offered = (
        ("accounts.assign_role", _("授予角色"), "person-roles", "user-check"),
        ("accounts.change_person", _("修改"), "person-edit", "edit"),
        ("accounts.change_person", toggle[0], "person-active", toggle[1]),
        ("", _("重置密码"), "person-password", "key"),
        ("accounts.change_person", _("结束登录"), "person-sessions", "logout"),
        ("accounts.unlock_person", _("解除登录锁定"), "person-unlock", "lock"),
        ("accounts.grant_object", _("单独授权"), "person-grant", "eye"),
    )
    return [
        Button(title, reverse(name, args=[person.username]), icon)
        for permission, title, name, icon in offered
        if not permission or person_of(request).has_perm(permission)
    ] + (read if may_read else [])


def person_new(request: HttpRequest) -> HttpResponse:
    """Make a person or an integration."""
    form = forms.NewPersonForm(
        person_of(request), request.POST or None, initial={"division_code": person_of(request).division_code}
    )

    def save(values: dict[str, Any]) -> str:
        username = values.pop("username")
        password, is_integration = values.pop("password"), values.pop("is_integration")
        person = people.create_person(
            person_of(request), username, values, password=password, is_integration=is_integration
        )
        return reverse("person-detail", args=[person.username])

    return form_page(
        request,
        form,
        title=_("新建人员"),
        submit=_("新建"),
        back=reverse("person-list"),
        back_title=pgettext_lazy("菜单", "人员"),
        note=_("新人员没有角色;角色由安全管理员授予。"),
        save=save,
    )


def person_edit(request: HttpRequest, username: str) -> HttpResponse:
    """Change name, organisation, division."""
    person = visible_person(person_of(request), username)
    initial = {name: getattr(person, name) for name in people.FIELDS}
    form = forms.ChangePersonForm(person_of(request), request.POST or None, initial=initial)

    def save(values: dict[str, Any]) -> None:
        people.change_person(person_of(request), person, values, reason=values.pop("reason"))

    return _person_form(request, person, form, _("修改人员"), save)


def person_roles(request: HttpRequest, username: str) -> HttpResponse:
    """Give roles."""
    person = visible_person(person_of(request), username)
    initial = {"roles": [role.code for role in person.roles]}
    form = forms.RolesForm(this_instance().tier.value, request.POST or None, initial=initial)

    def save(values: dict[str, Any]) -> None:
        people.assign_roles(person_of(request), person, values["roles"], reason=values["reason"])

    note = _("系统、安全、审计三员的权限互不重叠,一个人只能担任其中一种。")
    return _person_form(request, person, form, _("授予角色"), save, note=note)


def person_active(request: HttpRequest, username: str) -> HttpResponse:
    """Disable or enable."""
    person = visible_person(person_of(request), username)
    form = forms.ReasonForm(request.POST or None)

    def save(values: dict[str, Any]) -> None:
        people.set_active(person_of(request), person, not person.is_active, reason=values["reason"])

    title = _("停用人员") if person.is_active else _("启用人员")
    note = _("停用后立即退出登录,其接口令牌同时失效;案件与审计记录保留。") if person.is_active else ""
    return _person_form(request, person, form, title, save, note=note)


def person_password(request: HttpRequest, username: str) -> HttpResponse:
    """Set a password that is changed at the next sign-in."""
    person = visible_person(person_of(request), username)
    form = forms.ResetPasswordForm(request.POST or None)

    def save(values: dict[str, Any]) -> None:
        people.reset_password(person_of(request), person, values["password"], reason=values["reason"])

    return _person_form(request, person, form, _("重置密码"), save, note=_("下次登录时须修改;其所有登录立即失效。"))


def person_sessions(request: HttpRequest, username: str) -> HttpResponse:
    """End a person's sessions."""
    person = visible_person(person_of(request), username)
    form = forms.ReasonForm(request.POST or None)

    def save(values: dict[str, Any]) -> None:
        people.end_sessions(person_of(request), person, reason=values["reason"])

    note = _("其所有登录在下一次请求时失效;账号仍启用,可以重新登录。")
    return _person_form(request, person, form, _("结束登录"), save, note=note)


def person_unlock(request: HttpRequest, username: str) -> HttpResponse:
    """End a lock-out."""
    person = visible_person(person_of(request), username)
    form = forms.ReasonForm(request.POST or None)

    def save(values: dict[str, Any]) -> None:
        people.unlock(person_of(request), person, reason=values["reason"])

    return _person_form(request, person, form, _("解除登录锁定"), save)


def person_grant(request: HttpRequest, username: str) -> HttpResponse:
    """Let a person see one object outside the own scope."""
    person = visible_person(person_of(request), username)
    form = forms.GrantForm(request.POST or None)

    def save(values: dict[str, Any]) -> None:
        kind = GRANTABLE[values["kind"]]
        found = kind.model.objects.workable_by(person_of(request)).filter(**{kind.key_field: values["key"]}).first()
        if found is None:
            told = _now("没有这个对象,或者不在您的可见范围内。")
            raise field_fault("key", "does_not_exist", told)
        grants.grant(person_of(request), person, found, reason=values["reason"])

    return _person_form(request, person, form, _("单独授权"), save, note=_("只能查看这一个对象,不能办理。"))


class GrantList(ListPage):
    """单独授权: everything that was granted singly to people of the own division."""

    title = _("单独授权的对象")
    heads = (_("登录名"), _("姓名"), _("类型"), _("编号"), _("操作"))
    empty = _("没有范围以外的单独授权;在人员页面授予。")

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """By person, the latest first."""
        return all_grants(person_of(request))

    def cells(self, thing: Any) -> Iterable[Cell]:
        """One exception."""
        kind, key = told_of(thing)
        return (
            Cell(thing.user.username, reverse("person-detail", args=[thing.user.username])),
            Cell(thing.user.name),
            Cell(kind),
            Cell(key, css="mono"),
            Cell(_now("收回"), reverse("person-grant-withdraw", args=[thing.user.username, thing.pk])),
        )


def person_grant_withdraw(request: HttpRequest, username: str, pk: int) -> HttpResponse:
    """Take an exception back."""
    person = visible_person(person_of(request), username)
    form = forms.ReasonForm(request.POST or None)

    def save(values: dict[str, Any]) -> None:
        grants.withdraw(person_of(request), person, pk, reason=values["reason"])

    return _person_form(request, person, form, _("收回单独授权"), save)


def _person_form(
    request: HttpRequest,
    person: User,
    form: Any,
    title: str | Promise,
    save: Callable[[dict[str, Any]], None],
    *,
    note: str | Promise = "",
) -> HttpResponse:
    address = reverse("person-detail", args=[person.username])

    def saved(values: dict[str, Any]) -> str:
        save(values)
        return address

    return form_page(
        request, form, title=title, submit=title, back=address, back_title=str(person), note=note, save=saved
    )
