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
    "HASH": 422,
    "SCHEMA": 422,
    "PROTOCOL": 426,
    "RATE": 429,
    "FAILED": 500,
    "DISK": 503,
    "BUSY": 503,
}
"""HTTP status of each refusal (design: CSP/1, the table of calls)."""
RETRIED = frozenset({"NONCE", "INCARNATION", "CURSOR", "CHAIN", "EPOCH"})
"""Refusals after which the caller says hello again: it goes on from the receiver's cursor, or recovers."""
SLOWED = frozenset({"BUSY", "RATE"})
"""Refusals that hold up the normal and bulk lanes for the time they name; the urgent lane goes on."""
REMEDY: dict[str, Any] = {
    "KEY": _("对端不认识签名所用的密钥:核对两端的密钥标识,必要时重新接入,再恢复链路。"),
    "SIGNATURE": _("签名与内容不符:检查传输途中的代理和本节点的密钥文件,再恢复链路。"),
    "OWNER": _("批次里有属于其他节点的记录:查上级审计记录里的记录标识,改正后恢复链路。"),
    "SCOPE": _("批次不在本链路允许的范围内:核对节点代码与行政区划,再恢复链路。"),
    "REVOKED": _("对端的密钥已吊销:请对端重新接入,或轮换并由两人批准新密钥,核实吊销前收到的批次,再恢复链路。"),
    "HELD": _("由管理员暂停。确认可以恢复后,填写处理说明并恢复链路。"),
    "MALFORMED": _("批次格式不对:两端升级到同一版本,再恢复链路。"),
}
"""What a person does before a link that was frozen with this code is thawed."""


def remedy(reason: str) -> str:
    """How to mend what froze a link; ``reason`` is kept as "CODE: detail"."""
    return str(REMEDY.get(reason.split(":", 1)[0], ""))
