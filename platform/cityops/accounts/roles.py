"""The roles that every installation begins with 预置角色 (standards.md §1.13), as data.

A role is a named set of permissions. Which permissions a role begins with stands in the ``permissions.py`` of the
apps; people may change a role afterwards, and keep what they changed.
"""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Tier = Literal["national", "provincial", "municipal"]
CITY: tuple[Tier, ...] = ("municipal",)
UPPER: tuple[Tier, ...] = ("provincial", "national")
ALL: tuple[Tier, ...] = ("national", "provincial", "municipal")


@dataclass(frozen=True)
class RoleSpec:
    """One role: its code, its name, the tiers that have it, and how the grid sees it.

    ``step_code`` is the code of CL_ROLE written into the steps of a case; ``is_bound`` limits what the person sees
    to the own organisation and those under it.
    """

    code: str
    name: str | Promise
    tiers: tuple[Tier, ...]
    step_code: str = ""
    is_bound: bool = False


ROLES: tuple[RoleSpec, ...] = (
    RoleSpec("collector", _("采集员"), CITY, step_code="01"),
    RoleSpec("acceptor", _("受理员"), CITY, step_code="02"),
    RoleSpec("duty_leader", _("值班长"), CITY, step_code="03"),
    RoleSpec("dispatcher", _("派遣员"), CITY, step_code="04"),
    RoleSpec("department", _("专业部门操作员"), CITY, step_code="05", is_bound=True),
    RoleSpec("inspector", _("督查员"), CITY, step_code="06"),
    RoleSpec("hotline", _("热线话务员"), CITY, step_code="02"),
    RoleSpec("monitor", _("监测值守员"), CITY),
    RoleSpec("evaluator", _("评价专员"), CITY),
    RoleSpec("data_officer", _("数据管理员"), CITY),
    RoleSpec("leader", _("领导"), ALL, step_code="07"),
    RoleSpec("guidance_editor", _("业务指导编辑"), UPPER),
    RoleSpec("guidance_reviewer", _("业务指导审核"), UPPER),
    RoleSpec("supervisor", _("督办员"), UPPER),
    RoleSpec("patroller", _("巡查员"), UPPER),
    RoleSpec("evaluation_manager", _("评价管理员"), UPPER),
    RoleSpec("expert", _("评价专家"), UPPER),
    RoleSpec("analyst", _("分析员"), UPPER),
    RoleSpec("system_admin", _("系统管理员"), ALL),
    RoleSpec("security_admin", _("安全管理员"), ALL),
    RoleSpec("audit_admin", _("审计管理员"), ALL),
)
ROLE_CODES: tuple[str, ...] = tuple(role.code for role in ROLES)
ADMINISTRATORS: frozenset[str] = frozenset({"system_admin", "security_admin", "audit_admin"})
"""The three administrators 三员 (GB/T 22239-2019 §8.1.4): their powers are disjoint, and nobody holds two of them."""
