"""A department objects to a number of its frozen result; the evaluator answers."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from grid.performance.models import Objection, SnapshotRow
from grid.performance.selectors.snapshots import is_open_for_objection, may_object_until


@transaction.atomic
def raise_objection(actor: User, row_pk: int, count_code: str, reason: str) -> Objection:
    """Object to one count of the own department's result.

    Raises NotThere for a row that is not the own department's, InvalidInput for a count it does not have, Refused after
    the window and while an objection to the same number waits.
    """
    row = SnapshotRow.objects.workable_by(actor).select_related("snapshot").filter(pk=row_pk).first()
    if row is None or row.org_code not in actor.organisation_codes:
        raise NotThere(_("没有这项绩效结果，或不是本部门的。"))
    reason = limits.reason_given(reason)
    if count_code not in row.counts:
        raise InvalidInput(_("结果里没有基数「%s」。") % count_code[:40], errors=[{"field": "count"}])
    if not is_open_for_objection(row):
        until = timezone.localtime(may_object_until(row))
        raise Refused(_("异议期已于 %s 结束。") % until.strftime("%Y-%m-%d %H:%M"))
    if Objection.objects.filter(row=row, count_code=count_code, state=Objection.State.WAITING).exists():
        raise Refused(_("对这个数字的异议正在等待答复。"))
    made = Objection.objects.create(row=row, count_code=count_code, reason=reason, raised_by=actor)
    audit.record("objection.raise", kind="Objection", key=made.pk, division_code=row.division_code,
                 after={"target": row.target_code, "count": count_code}, reason=reason)  # fmt: skip
    return made


@transaction.atomic
def answer_objection(actor: User, pk: int, *, is_accepted: bool, answer: str) -> Objection:
    """Answer an objection, once. An accepted one is followed by a correction, which is a step of its own.

    Raises NotThere outside the own division, Refused for one that is answered.
    """
    rows = SnapshotRow.objects.workable_by(actor).values("pk")
    found = Objection.objects.select_for_update().filter(pk=pk, row__in=rows).first()
    if found is None:
        raise NotThere(_("没有这条异议，或不在您的可见范围内。"))
    if found.state != Objection.State.WAITING:
        raise Refused(_("这条异议已经答复。"))
    found.state = Objection.State.ACCEPTED if is_accepted else Objection.State.REFUSED
    found.answer = limits.reason_given(answer)
    found.answered_by, found.answered_at = actor, timezone.now()
    found.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    audit.record("objection.answer", kind="Objection", key=found.pk, division_code=found.row.division_code,
                 after={"state": found.state}, reason=found.answer)  # fmt: skip
    return found
