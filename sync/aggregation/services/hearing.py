"""At the superior: what a node answered moves its issue on."""

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from sync.aggregation.models import IssueAnswer, IssueState, QualityIssue

LEADS_TO = {
    IssueAnswer.Kind.CORRECTED: IssueState.ANSWERED,
    IssueAnswer.Kind.EXPLAINED: IssueState.ANSWERED,
    IssueAnswer.Kind.OBJECTED: IssueState.OBJECTED,
}


@transaction.atomic
def hear() -> int:
    """Move on the open issues of this node that were answered since they were raised or sent back. Returns how many.

    An answer counts only from the node that was asked.
    """
    here = settings.CITYOPS_NODE
    said = IssueAnswer.objects.filter(issue_no=OuterRef("issue_no"), issuer_node=here, node_code=OuterRef("node_code"))
    rows = QualityIssue.objects.raised_here().filter(Exists(said), state=IssueState.OPEN)
    found = list(rows.select_for_update(of=("self",)))
    answers = IssueAnswer.objects.filter(issue_no__in=[issue.issue_no for issue in found], issuer_node=here)
    last = {(one.issue_no, one.origin_code): one for one in answers.order_by("answered_at", "answer_id")}
    moved = []
    for issue in found:
        answer = last.get((issue.issue_no, issue.target))
        if answer is None or (issue.fixed_at is not None and answer.answered_at <= issue.fixed_at):
            continue
        issue.state, issue.fixed_at = LEADS_TO[IssueAnswer.Kind(answer.answer)], answer.answered_at
        moved.append(issue)
    QualityIssue.objects.bulk_update(moved, ["state", "fixed_at"])
    return len(moved)
