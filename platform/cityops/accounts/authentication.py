"""Sign-in of other systems by API token: ``Authorization: Bearer <token>``, or as the password of HTTP Basic.

The token itself is shown once, when it is issued; only its SHA-256 digest is stored, which is enough for a secret of
256 random bits. One query finds token, person and organisation.
"""

import base64
import binascii
import hashlib
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from cityops.accounts.models import ApiToken, User
from cityops.foundation.context import become, current_actor

USE_NOTED_EVERY = timedelta(minutes=1)
"""A token's last use is written at most this often, so that polling does not write."""


class TokenMalformed(AuthenticationFailed):
    """The header is not ``Bearer`` and one word."""

    default_code = "token_malformed"
    default_detail = _("Authorization 头应为 “Bearer <令牌>”。")


class TokenUnknown(AuthenticationFailed):
    """No such token here: mistyped, or issued by another node."""

    default_code = "token_unknown"
    default_detail = _("本节点没有签发过这个令牌。")


class TokenExpired(AuthenticationFailed):
    """The token was valid once."""

    default_code = "token_expired"
    default_detail = _("令牌已过期,请由系统管理员重新签发。")


class TokenRevoked(AuthenticationFailed):
    """Somebody revoked the token, or disabled the integration."""

    default_code = "token_revoked"
    default_detail = _("令牌已被撤销或对接系统已停用。")


class BasicMalformed(TokenMalformed):
    """The header is not HTTP Basic."""

    default_detail = _("Authorization 头应为 “Basic <对接系统登录名:令牌 的 base64>”。")


class TokenOfAnother(TokenUnknown):
    """The token is good, but belongs to another integration than the one named."""

    default_detail = _("用户名与令牌不符:用户名应为令牌所属对接系统的登录名。")


def digest_of(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def holder_of(secret: bytes) -> tuple[User, ApiToken]:
    """The integration behind the text of a token, and the token. Raises a 401 that says what is wrong with it."""
    found = ApiToken.objects.select_related("user__organisation").filter(digest=hashlib.sha256(secret).digest())
    token = found.order_by().first()
    if token is None:
        raise TokenUnknown
    name = f" ({token.prefix})"
    name = token.user.username[: 150 - len(name)] + name
    become(replace(current_actor(), user_id=None, name=name, channel="api"))
    now = timezone.now()
    if token.revoked_at is not None or not token.user.is_active:
        raise TokenRevoked
    if token.expires_at <= now:
        raise TokenExpired
    if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    become(replace(current_actor(), user_id=token.user.pk))
    return token.user, token


class ApiTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``; without the header the next kind of sign-in is tried."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The integration behind a token. Raises a 401 with a code that says what is wrong with it."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise TokenMalformed
        return holder_of(words[1])

    def authenticate_header(self, request: Request) -> str:
        """Asks for a bearer token on 401."""
        return 'Bearer realm="cityops"'


class BasicTokenAuthentication(BaseAuthentication):
    """HTTP Basic with the integration's login name and, as the password, its token: for programs that know no other.

    A person's password opens nothing here: only tokens do, which have scopes, an end and no other use.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The integration whose name and token were given. Raises a 401 with a code that says what is wrong."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"basic":
            return None
        try:
            given = base64.b64decode(words[1], validate=True) if len(words) == 2 else b""
        except binascii.Error:
            given = b""
        name, colon, secret = given.partition(b":")
        if not colon:
            raise BasicMalformed
        user, token = holder_of(secret)
        if user.username.encode() != name:
            raise TokenOfAnother
        return user, token

    def authenticate_header(self, request: Request) -> str:
        """Asks for name and token on 401."""
        return 'Basic realm="cityops", charset="UTF-8"'
