"""The first page of the maintenance system."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ENTRIES = (
    (
        pgettext_lazy("菜单", "机构"),
        _("机构树、类型、职责与状态"),
        "organisation-list",
        "sitemap",
        "accounts.view_organisation",
    ),
    (
        pgettext_lazy("菜单", "人员"),
        _("人员、角色、登录锁定与单独授权"),
        "person-list",
        "users",
        "accounts.view_person",
    ),
    (pgettext_lazy("菜单", "角色"), _("角色与权限;三员分立"), "role-list", "shield-lock", "accounts.view_role"),
    (_("单独授权的对象"), _("谁能查看范围以外的哪个对象;收回"), "grant-list", "eye", "accounts.grant_object"),
    (
        pgettext_lazy("菜单", "接口令牌"),
        _("对接系统的令牌:签发、授权范围、撤销"),
        "token-list",
        "key",
        "accounts.view_token",
    ),
    (_("工作日历"), _("节假日与调休,时限据此计算"), "calendar", "calendar", "grid.view_calendar"),
    (
        pgettext_lazy("菜单", "审计记录"),
        _("谁、何时、从哪里、对什么、做了什么、为什么"),
        "audit-list",
        "history",
        "maintenance.view_audit",
    ),
    (pgettext_lazy("菜单", "平台节点"), _("本节点、上级与下级"), "node-list", "network", "maintenance.view_node"),
)
"""Title, text, URL name, icon, permission."""


def index(request: HttpRequest) -> HttpResponse:
    """The doors that are open to the person."""
    entries = []
    for title, text, name, icon, permission in ENTRIES:
        if not request.user.has_perm(permission):
            continue
        try:
            entries.append({"title": title, "text": text, "url": reverse(name), "icon": icon})
        except NoReverseMatch:
            continue
    return render(request, "maintenance/index.html", {"entries": entries})
