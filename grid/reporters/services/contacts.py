"""Ask to have a reporter contacted, and answer: the asking unit learns what was said, never who said it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import NotAllowed, NotThere, Refused, field_fault
from grid.models import Case
from grid.reporters.models import ContactRequest, Reporter
from grid.reporters.rules.masking import tells_on
from grid.reporters.services.opening import opened


def ask_contact(user: User, case_no: str, *, question: str) -> ContactRequest:
    """Ask acceptance to call whoever reported a case.

    Asked again in the same words while it waits, it is the same request. Raises NotAllowed without
    ``reporters.ask_contact``, NotThere, Refused where nobody is known to be called, InvalidInput without a question.
    """
    if not user.has_perm("reporters.ask_contact"):
        raise NotAllowed
    question = _text("question", question, 300)
    with transaction.atomic():
        case = Case.objects.workable_by(user).select_for_update().filter(case_no=case_no).order_by().first()
        if case is None:
            raise NotThere(_("没有这个案件。"))
        if not Reporter.objects.filter(case=case, erased_at__isnull=True).exists():
            raise Refused(_("案件 %s 是匿名反映，或反映人信息已抹除，无法联系。") % case_no)
        known = ContactRequest.objects.waiting().filter(case=case, question=question, asked_by=user).first()
        if known is not None:
            return known
        asked: ContactRequest = ContactRequest.objects.create(case=case, question=question, asked_by=user)
        audit.record(
            "contact.ask", kind="case", key=case_no, division_code=case.division_code, after={"request": asked.pk}
        )
    return asked


def answer_contact(user: User, pk: int, *, answer: str) -> ContactRequest:
    """Write what came of a call.

    Raises NotAllowed without ``reporters.answer_contact``; NotThere; Refused where it was answered otherwise;
    InvalidInput without an answer or with one that holds the name or number of the reporter.
    """
    if not user.has_perm("reporters.answer_contact"):
        raise NotAllowed
    answer = _text("answer", answer, 500)
    with transaction.atomic():
        rows = ContactRequest.objects.workable_by(user).select_related("case").select_for_update(of=("self",))
        asked: ContactRequest | None = rows.filter(pk=pk).first()
        if asked is None:
            raise NotThere(_("没有这个联系请求。"))
        if asked.answered_at is not None:
            if (asked.answered_by_id, asked.answer) == (user.pk, answer):
                return asked
            raise Refused(_("这个联系请求已经答复过。"))
        _check_silent(asked.case, answer)
        asked.answer, asked.answered_by, asked.answered_at = answer, user, timezone.now()
        asked.save(update_fields=["answer", "answered_by", "answered_at"])
        audit.record(
            "contact.answer",
            kind="case",
            key=asked.case.case_no,
            division_code=asked.case.division_code,
            after={"request": asked.pk},
        )
    return asked


def _text(field: str, text: str, longest: int) -> str:
    text = text.strip()
    if not text or len(text) > longest:
        told = _("必填，最多 %s 个字。") % longest
        raise field_fault(field, "required", told)
    return text


def _check_silent(case: Case, answer: str) -> None:
    """Raise InvalidInput where an answer would tell the asking unit who reported."""
    record = Reporter.objects.filter(case=case, erased_at__isnull=True).first()
    if record is None:
        return
    person = opened(record)
    if tells_on(answer, name=person.name, phone=person.phone):
        told = _("答复里不要写反映人的姓名和电话；只写联系的结果。")
        raise field_fault("answer", "personal", told)
