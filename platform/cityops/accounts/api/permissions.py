"""The guard of an API view: a permission for people, and for tokens a scope as well."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from cityops.accounts.models import ApiToken
from cityops.foundation.errors import NotAllowed


class ScopeMissing(NotAllowed):
    """The token is valid, but was not issued for this kind of request."""

    code = "scope_missing"
    title = _("令牌的授权范围不足")


class HasPermission(BasePermission):
    """``permission_classes = [HasPermission("grid.view_case", write="grid.register_case")]``.

    Without a codename any signed-in person or token passes. Reading methods need the scope ``read`` of a token, all
    others ``write``; ``write`` names the permission for those where it is another one.
    """

    code = "forbidden"

    def __init__(self, codename: str = "", *, write: str = "") -> None:
        """The permissions, as the app's ``permissions.py`` names them."""
        self.codename = codename
        self.write = write or codename

    def __call__(self) -> "HasPermission":
        """REST framework calls what stands in ``permission_classes``."""
        return self

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the request may reach the view. Raises ScopeMissing for a token without the scope."""
        if not request.user.is_authenticated:
            return False
        reading = request.method in SAFE_METHODS
        scope = "read" if reading else "write"
        if isinstance(request.auth, ApiToken) and scope not in request.auth.scopes:
            raise ScopeMissing(
                str(_("令牌「%(name)s」没有 %(scope)s 授权;请由系统管理员另行签发。"))
                % {"name": request.auth.name, "scope": scope},
                scope=scope,
            )
        codename = self.codename if reading else self.write
        return not codename or request.user.has_perm(codename)
