"""Versions of the loop: draft, rehearse, activate. A version that cases were filed under is never changed."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services.limits import whole_instance
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from grid.models import WorkflowVersion
from grid.rules.workflow import SHIPPED, WorkflowFault, parse_workflow
from grid.selectors.workflows import forget_workflows

PERMISSION = "grid.change_workflow"


def _allowed(actor: User) -> None:
    if not actor.has_perm(PERMISSION):
        raise NotAllowed(_("您没有维护流程版本的权限。"))
    whole_instance(actor)


def check_definition(code: str, definition: Any) -> None:
    """Raise InvalidInput with every fault of a definition, each with its place."""
    if not isinstance(definition, Mapping):
        raise InvalidInput(
            _("流程定义须是一个 JSON 对象。"), errors=[{"field": "definition", "code": "object", "detail": ""}]
        )
    try:
        parse_workflow(code, definition)
    except WorkflowFault as fault:
        raise InvalidInput(
            _("流程定义有误。"),
            errors=[
                {"field": "definition", "code": place, "detail": f"{place}: {text}"} for place, text in fault.faults
            ],
        ) from fault


@transaction.atomic
def draft_workflow(
    actor: User, *, code: str, title: str, definition: Mapping[str, Any], source: str = ""
) -> WorkflowVersion:
    """Keep a draft; a draft of the same code is replaced, a version that was ever active is not.

    Raises NotAllowed, InvalidInput, Refused.
    """
    _allowed(actor)
    check_definition(code, definition)
    code, title = code.strip(), title.strip()
    if not code or not title:
        raise InvalidInput(
            _("请填写版本代码和名称。"), errors=[{"field": "code", "code": "required", "detail": _("必填。")}]
        )
    known = WorkflowVersion.objects.select_for_update().filter(code=code).first()
    if code == SHIPPED or (known is not None and known.state != WorkflowVersion.State.DRAFT):
        raise Refused(_("版本 %s 已启用过,不能修改;请另起一个版本代码。") % code)
    version = known or WorkflowVersion(code=code)
    version.title, version.definition, version.source = title, dict(definition), source
    version.rehearsed_at, version.rehearsal = None, {}
    version.save()
    audit.record("workflow.draft", kind="WorkflowVersion", key=code, after={"definition": dict(definition)})
    return version


@transaction.atomic
def activate_workflow(actor: User, code: str) -> WorkflowVersion:
    """Let new cases follow a version; running ones stay on theirs. It must have been rehearsed since it was drafted.

    Raises NotAllowed, NotThere, Refused.
    """
    _allowed(actor)
    version = WorkflowVersion.objects.select_for_update().filter(code=code).first()
    if version is None:
        raise NotThere
    if version.state == WorkflowVersion.State.ACTIVE:
        return version
    if version.rehearsed_at is None:
        raise Refused(_("启用前须先预演:manage.py rehearse_workflow %s。") % code)
    now = timezone.now()
    WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).update(state=WorkflowVersion.State.RETIRED)
    version.state, version.activated_at = WorkflowVersion.State.ACTIVE, now
    version.save(update_fields=["state", "activated_at"])
    audit.record("workflow.activate", kind="WorkflowVersion", key=code, after={"definition": version.definition})
    transaction.on_commit(forget_workflows)
    return version
