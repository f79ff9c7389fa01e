"""An error is a class: a stable code, an HTTP status, a translated sentence, and typed facts.

Services raise them; pages show the sentence, the API answers problem+json (RFC 9457) with code and facts.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _


class CityOpsError(Exception):
    """Base of everything the platform refuses on purpose."""

    code = "error"
    status = 400
    title = _("请求无法完成")

    def __init__(self, detail: str = "", **facts: Any) -> None:
        """``detail`` says what is wrong and how to mend it; ``facts`` are given to machines as they are."""
        super().__init__(detail or str(self.title))
        self.detail = detail or str(self.title)
        self.facts = facts


class InvalidInput(CityOpsError):
    """Something given is not what it should be; ``errors`` in the facts lists field, rule and remedy."""

    code = "invalid"
    status = 400
    title = _("填写的内容有误")


def field_fault(field: str, code: str, detail: str, **facts: Any) -> InvalidInput:
    """What is wrong with one field: its name, the rule it breaks, and the sentence that says how to mend it."""
    return InvalidInput(detail, errors=[{"field": field, "code": code, "detail": detail}], **facts)


class NotThere(CityOpsError):
    """The thing does not exist for this person: what one may not see is not there (404, never 403)."""

    code = "not_found"
    status = 404
    title = _("没有找到")


class NotAllowed(CityOpsError):
    """The person is known and may see the thing, but may not do this."""

    code = "forbidden"
    status = 403
    title = _("没有权限")


class Refused(CityOpsError):
    """The rules of the field do not allow this now; the present state is in the facts."""

    code = "refused"
    status = 409
    title = _("当前状态不允许此操作")
