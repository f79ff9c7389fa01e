"""Answering an issue at the node that it is for; closing it or sending it back at the superior."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import NotAllowed, NotThere, Refused, field_fault
from sync.aggregation.models import IssueAnswer, IssueState, QualityIssue
from sync.aggregation.services.raising import FIX_DAYS

ANSWER, CLOSE = "aggregation.answer_issue", "aggregation.close_issue"
LONGEST = 2000
SHORT = 500


@transaction.atomic
def answer(actor: User, issue_no: str, *, kind: str, content: str) -> IssueAnswer:
    """Say that the records are mended, why they are as they are, or that the finding is wrong; it goes up.

    Raises NotAllowed without the permission or the responsibility for all of this node, NotThere where the issue is
    not here, Refused where it is closed or answered already, InvalidInput.
    """
    if not actor.has_perm(ANSWER):
        raise NotAllowed(_("您没有“答复质量问题单”的权限。"))
    limits.whole_instance(actor)
    rows = QualityIssue.objects.for_this_node().select_for_update(of=("self",))
    issue: QualityIssue | None = rows.filter(issue_no=issue_no).first()
    if issue is None:
        raise NotThere(_("没有这个质量问题单。"))
    if not issue.is_open:
        raise Refused(_("问题单 %s 已经关闭，不需答复。") % issue_no, state=issue.state)
    if waits_for_superior(issue):
        raise Refused(_("问题单 %s 已答复，等待上级处理。") % issue_no, state=issue.state)
    if kind not in IssueAnswer.Kind.values:
        raise field_fault("kind", "invalid", _("没有这种答复；可用：%s。") % "、".join(IssueAnswer.Kind.values))
    text = _text(content, "content", LONGEST)
    made = IssueAnswer.objects.create(
        answer_id=uuid.uuid4().hex,
        issue_no=issue.issue_no,
        issuer_node=issue.origin_code,
        node_code=settings.CITYOPS_NODE[:12],
        answer=kind,
        content=text,
        answered_at=timezone.now(),
        answered_by=actor,
    )
    _record("issue.answer", issue, {"answer": kind}, text)
    return made


def waits_for_superior(issue: QualityIssue) -> bool:
    """Whether this node's last answer is younger than what the superior last did about the issue."""
    here = settings.CITYOPS_NODE
    said = IssueAnswer.objects.filter(issue_no=issue.issue_no, issuer_node=issue.origin_code, origin_code=here)
    last = said.order_by("-answered_at").first()
    if last is None:
        return False
    return issue.state != IssueState.OPEN or issue.fixed_at is None or last.answered_at > issue.fixed_at


@transaction.atomic
def close(actor: User, issue_no: str, *, conclusion: str) -> QualityIssue:
    """End an issue of this node: what it was about is accepted, only what is found later makes a new one.

    Closed again it stays as it is. Raises NotAllowed, NotThere, InvalidInput.
    """
    issue = _mine(actor, issue_no)
    if not issue.is_open:
        return issue
    text = _text(conclusion, "conclusion", SHORT)
    issue.state, issue.closed_at, issue.conclusion = IssueState.CLOSED, timezone.now(), text
    issue.closed_by = actor.get_username()
    issue.save(update_fields=["state", "closed_at", "conclusion", "closed_by"])
    _record("issue.close", issue, {"state": issue.state}, text)
    return issue


@transaction.atomic
def send_back(actor: User, issue_no: str, *, conclusion: str) -> QualityIssue:
    """Ask again, with new time, where an answer does not do.

    Raises NotAllowed, NotThere, Refused where there is no answer, InvalidInput.
    """
    issue = _mine(actor, issue_no)
    if issue.state not in (IssueState.ANSWERED, IssueState.OBJECTED):
        raise Refused(_("问题单 %s 没有待处理的答复。") % issue_no, state=issue.state)
    text = _text(conclusion, "conclusion", SHORT)
    now = timezone.now()
    issue.state, issue.conclusion = IssueState.OPEN, text
    issue.fix_deadline = now + timedelta(days=FIX_DAYS[issue.severity])
    issue.save(update_fields=["state", "conclusion", "fix_deadline"])
    _record("issue.send_back", issue, {"state": issue.state, "due": issue.fix_deadline.isoformat()}, text)
    return issue


def _mine(actor: User, issue_no: str) -> QualityIssue:
    if not actor.has_perm(CLOSE):
        raise NotAllowed(_("您没有“关闭和退回质量问题单”的权限。"))
    rows = QualityIssue.objects.workable_by(actor).raised_here().select_for_update(of=("self",))
    issue: QualityIssue | None = rows.filter(issue_no=issue_no).first()
    if issue is None:
        raise NotThere(_("没有这个质量问题单。"))
    return issue


def _text(given: str, name: str, longest: int) -> str:
    text = given.strip()
    if not 0 < len(text) <= longest:
        raise field_fault(name, "invalid", _("请写明说明，不超过 %d 字。") % longest)
    return text


def _record(action: str, issue: QualityIssue, after: dict[str, str], reason: str) -> None:
    audit.record(
        action,
        kind="QualityIssue",
        key=issue.issue_no,
        division_code=issue.targets[0][:12],
        after={**after, "dataset": issue.dataset, "rule": issue.item_code},
        reason=reason,
    )
