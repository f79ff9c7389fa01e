"""Organisations, people, roles and API tokens."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet, organisation_scoped_apps
from cityops.foundation.errors import InvalidInput
from cityops.foundation.records import ExchangedRecord, mark_triggers
from cityops.regions.models import Division
from cityops.regions.rules import scope_prefix
from cityops.regions.selectors import retired_hint


class OrganisationQuerySet(ScopedQuerySet):
    """Words to ask for organisations."""

    def active(self) -> "OrganisationQuerySet":
        """Organisations that are in use."""
        return self.filter(status=Organisation.Status.VALID)


class Organisation(ExchangedRecord):
    """机构 (JC02): an authority, a centre, a disposal department, an owner; a tree by ``parent_code``."""

    class Type(models.TextChoices):
        """机构类型 (CL_ORGTYPE)."""

        GOVERNMENT = "01", _("政府")
        AUTHORITY = "02", _("城市管理(住建)主管部门")
        SUPERVISION_CENTRE = "03", _("监督中心")
        COMMAND_CENTRE = "04", _("指挥中心")
        DEPARTMENT = "05", _("专业处置部门")
        OWNER = "06", _("权属/运营企业")
        STREET = "07", _("街道(乡镇)")
        COMMUNITY = "08", _("社区")
        ASSESSOR = "09", _("第三方评价机构")

    class Status(models.TextChoices):
        """状态 (CL_VALID)."""

        VALID = "1", _("有效")
        DISUSED = "0", _("停用")

    org_code = models.CharField(_("机构代码"), max_length=18, unique=True)
    name = models.CharField(_("机构名称"), max_length=100)
    short_name = models.CharField(_("简称"), max_length=40, blank=True)
    org_type = models.CharField(_("机构类型"), max_length=2, choices=Type.choices)
    division_code = models.CharField(_("所在区划"), max_length=12, db_index=True)
    parent_code = models.CharField(_("上级机构"), max_length=18, blank=True, db_index=True)
    industry = models.CharField(_("行业"), max_length=4, blank=True)
    duty_scope = models.TextField(_("职责"), blank=True)
    contact = models.CharField(_("联系人"), max_length=40, blank=True, help_text=_("只在本市使用,不上报。"))
    phone = models.CharField(_("联系电话"), max_length=20, blank=True, help_text=_("只在本市使用,不上报。"))
    status = models.CharField(_("状态"), max_length=1, choices=Status.choices, default=Status.VALID)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        ordering = ["org_code"]
        triggers = mark_triggers("JC02")

    def __str__(self) -> str:
        return self.short_name or self.name


class Role(Group):
    """角色: a named set of permissions (standards.md §1.13). Code asks for permissions, never for roles."""

    code = models.CharField(_("角色代码"), max_length=30, unique=True)
    tiers = ArrayField(models.CharField(max_length=10), verbose_name=_("适用层级"))
    step_code = models.CharField(_("流转角色"), max_length=2, blank=True, help_text="CL_ROLE")
    is_bound_to_organisation = models.BooleanField(_("限本单位"), default=False)
    is_seeded = models.BooleanField(_("预置"), default=False)
    offered = ArrayField(models.CharField(max_length=100), default=list, editable=False)
    """Permissions that seeding gave once; what people took away since is not given again."""

    objects: ClassVar[models.Manager["Role"]] = models.Manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("角色")
        verbose_name_plural = _("角色")
        ordering = ["code"]

    @property
    def title(self) -> str:
        """The name in the reader's language; names that people gave stay as they are."""
        return gettext(self.name) if self.is_seeded else self.name


class UserManager(BaseUserManager["User"]):
    """Creates people."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; without a password nobody can sign in as it."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save()
        return user


class UserQuerySet(ScopedQuerySet):
    """People are scoped by their division like everything else."""


class User(AbstractBaseUser, PermissionsMixin):
    """人员: a person, or an integration (another system), who acts in one division and organisation."""

    username = models.CharField(_("登录名"), max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("所属机构"), null=True, blank=True, on_delete=models.PROTECT, related_name="people"
    )
    division_code = models.CharField(_("负责区划"), max_length=12)
    scope_prefix = models.CharField(_("可见范围前缀"), max_length=12, blank=True, editable=False)
    is_active = models.BooleanField(_("启用"), default=True)
    active_since = models.DateTimeField(_("启用时间"), default=timezone.now, db_default=Now(), editable=False)
    """When the account was made or last enabled: an account that is never used is disabled some time after it."""
    session_mark = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    """What a session of the person must carry; a new mark ends all sessions that carry another one."""
    is_integration = models.BooleanField(_("对接系统"), default=False)
    must_change_password = models.BooleanField(_("须改密码"), default=False)
    password_changed_at = models.DateTimeField(_("密码修改时间"), default=timezone.now, db_default=Now())
    has_grants = models.BooleanField(_("有单独授权"), default=False, db_default=False, editable=False)
    """Whether single objects outside the own scope were granted; spares everybody else the question."""
    language = models.CharField(_("语言"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["division_code"]

    objects = UserManager.from_queryset(UserQuerySet)()

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        ordering = ["username"]
        constraints = [models.CheckConstraint(condition=models.Q(is_superuser=False), name="nobody_above_the_roles")]

    def __str__(self) -> str:
        return self.name or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the visible prefix in step with the division and its level. Raises InvalidInput for an unknown one."""
        fields = kwargs.get("update_fields")
        if fields is None or "division_code" in fields:
            division = Division.objects.current().only("code", "level").filter(code=self.division_code).first()
            if division is None:
                told = _("没有区划 %s;请先载入区划,或改用现行代码。") % self.division_code
                raise InvalidInput(f"{told}{retired_hint(self.division_code)}")
            self.scope_prefix = scope_prefix(division.code, division.level)
            if fields is not None:
                kwargs["update_fields"] = {*fields, "scope_prefix"}
        super().save(*args, **kwargs)

    @cached_property
    def permission_codes(self) -> frozenset[str]:
        """Everything the person's roles allow, as ``app_label.codename``; one query, kept for the request.

        Asked on every request, so it is said in SQL: the ORM would take three times as long to put it together.
        """
        with connection.cursor() as cursor:
            cursor.execute(PERMISSIONS_OF, [self.pk])
            return frozenset(code for (code,) in cursor.fetchall())

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Whether a role of the person holds ``perm``; powers come from roles only, nobody is above them.

        With ``obj``: whether the person was granted it for this object (an exception, by django-guardian).
        """
        if not self.is_active:
            return False
        return perm in self.permission_codes if obj is None else super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether a role holds anything of the app."""
        return self.is_active and any(code.startswith(f"{app_label}.") for code in self.permission_codes)

    @cached_property
    def roles(self) -> list[Role]:
        """The person's roles."""
        return list(Role.objects.filter(pk__in=self.groups.values("pk")))

    @cached_property
    def step_codes(self) -> dict[str, str]:
        """Role code → CL_ROLE code with which the person signs steps; in SQL, because every write asks for it."""
        with connection.cursor() as cursor:
            cursor.execute(STEP_CODES_OF, [self.pk])
            return dict(cursor.fetchall())

    def signs_as(self, roles: Iterable[str], otherwise: str) -> str:
        """CL_ROLE of the person in a step that ``roles`` take: of the first one held, ``otherwise`` where none is."""
        return next((self.step_codes[code] for code in roles if self.step_codes.get(code)), otherwise)

    @cached_property
    def is_bound_to_organisation(self) -> bool:
        """True where a role of the person is bound to the own organisation, and no other one opens what is scoped so.

        A role that allows nothing of those apps opens nothing: it does not lift the limit.
        """
        if not any(role.is_bound_to_organisation for role in self.roles):
            return False
        free = [role.pk for role in self.roles if not role.is_bound_to_organisation]
        opening = Role.objects.filter(pk__in=free, permissions__content_type__app_label__in=organisation_scoped_apps())
        return not (free and opening.exists())

    @cached_property
    def organisation_codes(self) -> list[str]:
        """Codes of the own organisation and of all under it."""
        if self.organisation is None:
            return []
        found = [self.organisation.org_code]
        frontier = found
        while frontier:
            frontier = list(
                Organisation.objects.filter(parent_code__in=frontier)
                .exclude(org_code__in=found)
                .values_list("org_code", flat=True)
            )
            found = found + frontier
        return found


PERMISSIONS_OF = """
SELECT t.app_label || '.' || p.codename FROM accounts_user_groups g
JOIN auth_group_permissions a ON a.group_id = g.group_id JOIN auth_permission p ON p.id = a.permission_id
JOIN django_content_type t ON t.id = p.content_type_id WHERE g.user_id = %s
"""
STEP_CODES_OF = """
SELECT r.code, r.step_code FROM accounts_user_groups g JOIN accounts_role r ON r.group_ptr_id = g.group_id
WHERE g.user_id = %s
"""


class FormerPassword(models.Model):
    """曾用密码: hashes of a person's latest passwords, so that none of them is chosen again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_passwords")
    encoded = models.CharField(max_length=128)
    replaced_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.replaced_at:%F}"


class ApiTokenQuerySet(ScopedQuerySet):
    """Tokens are scoped by the division of their integration."""

    division_field = "user__division_code"


class ApiToken(models.Model):
    """接口令牌: lets one integration act through the API, within scopes, until a date. Only a digest is stored."""

    user = models.ForeignKey(User, verbose_name=_("对接系统"), on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("名称"), max_length=60)
    prefix = models.CharField(_("前缀"), max_length=8)
    digest = models.BinaryField(unique=True)
    scopes = ArrayField(models.CharField(max_length=30), verbose_name=_("授权范围"))
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    expires_at = models.DateTimeField(_("到期时间"))
    revoked_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("接口令牌")
        verbose_name_plural = _("接口令牌")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
