"""Why a peer's call is refused: a stable code each; nothing is stored but an audit entry."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from cityops.foundation.errors import CityOpsError


class PeerRefused(CityOpsError):
    """A call of a peer that is not accepted; ``code`` is one of the table ``STATUS``."""

    title = _("对端请求被拒绝")

    def __init__(self, code: str, detail: str = "", **facts: Any) -> None:
        """``code`` names the rule that was broken; the HTTP status follows from it."""
        super().__init__(detail or code, **facts)
        self.code = code
        self.status = STATUS[code]


STATUS: dict[str, int] = {
    "NONCE": 401,
    "INCARNATION": 401,
    "HOP": 401,
    "KEY": 403,
    "SIGNATURE": 403,
    "SUSPENDED": 403,
    "SCOPE": 403,
    "OWNER": 403,
    "ENROLMENT": 403,
    "CURSOR": 409,
    "CHAIN": 409,
    "EPOCH": 409,
    "TOO_LARGE": 413,
    "MALFORMED": 422,
    "SCHEMA": 422,
    "PROTOCOL": 426,
}
"""HTTP status of each refusal (design: CSP/1, the table of calls)."""
RETRIED = frozenset({"NONCE", "INCARNATION", "CURSOR"})
"""Refusals after which the caller says hello again and goes on from the receiver's cursor."""
