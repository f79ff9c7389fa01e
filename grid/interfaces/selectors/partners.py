"""Questions about partners: who they are, what they share with us, what one of them is told of a case."""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.interfaces.models import Partner, PartnerCase, PartnerNotice, WebhookDelivery
from grid.interfaces.rules.operations import Side
from grid.models import Case, CaseMedia, CaseStep
from grid.rules.transitions import BY_STEP, Action
from grid.rules.transitions import MOVES as MOVES_OF_CASES


def visible_partners(user: User) -> QuerySet[Partner]:
    """The partners that a person is responsible for."""
    return Partner.objects.visible_to(user).select_related("account").order_by("code")


def get_partner(user: User, code: str) -> Partner:
    """One partner. Raises NotThere."""
    return _one(visible_partners(user), code)


def workable_partner(user: User, code: str) -> Partner:
    """One partner that the person may change. Raises NotThere."""
    return _one(Partner.objects.workable_by(user).select_related("account"), code)


def _one(rows: QuerySet[Partner], code: str) -> Partner:
    found = rows.filter(code=code).first()
    if found is None:
        raise NotThere(_("没有这个对接系统。"))
    return found


def partner_of(user: Any) -> Partner:
    """The partner that an integration acts for. Raises NotThere where it is none."""
    found: Partner | None = Partner.objects.active().filter(account=user).first()
    if found is None:
        raise NotThere(_("此账号没有登记为对接系统,或对接已停用;请由平台管理员在“对接系统”中登记。"))
    return found


_ANY = f"SELECT EXISTS (SELECT FROM {Partner._meta.db_table} WHERE is_active)"


def has_partner() -> bool:
    """Whether anybody is told of cases at all; asked at every step, so without building a query each time."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY)
        row = cursor.fetchone()
    return bool(row and row[0])


def visible_shares(user: User) -> QuerySet[PartnerCase]:
    """The shared cases that somebody may see, the newest first."""
    return PartnerCase.objects.visible_to(user).select_related("case", "partner").order_by("-pk")


def get_share(user: User, number: str) -> PartnerCase:
    """A shared case by our number. Raises NotThere: another partner's case is not there."""
    found = visible_shares(user).filter(case__case_no=number).first()
    if found is None:
        raise NotThere(_("没有这个案件。"))
    return found


def events_for(user: User) -> QuerySet[WebhookDelivery]:
    """What a partner was told or may ask for; for people, what those of their division were told of
    cases that they see themselves."""
    rows = WebhookDelivery.objects.order_by("pk")
    if user.is_integration and Partner.objects.filter(account=user).exists():
        return rows.filter(partner__account=user, partner__is_active=True)
    return rows.filter(
        partner__in=Partner.objects.visible_to(user), case__in=Case.objects.visible_to(user).order_by().values("pk")
    )


def notices_for(user: User) -> QuerySet[PartnerNotice]:
    """The notices to a partner; for people who see partners, those to the partners of their division."""
    rows = PartnerNotice.objects.order_by("-pk")
    if user.is_integration and Partner.objects.filter(account=user).exists():
        return rows.filter(partner__account=user, partner__is_active=True)
    return rows.visible_to(user) if user.has_perm("interfaces.view_partner") else rows.none()


def may_read(user: User, row: WebhookDelivery) -> bool:
    """Whether a person may read what an event says: who keeps partners need not be one who sees cases."""
    if row.case_id is None:
        return True
    return user.has_perm("grid.view_case") and Case.objects.visible_to(user).filter(pk=row.case_id).exists()


def share_of_message(partner: Partner, facts: dict[str, Any]) -> PartnerCase | None:
    """The shared case that a message of a partner is about: by our number if it knows it, else by its own."""
    rows = PartnerCase.objects.filter(partner=partner).select_related("case", "partner").order_by("-pk")
    ours, theirs = str(facts.get("their_no") or ""), str(facts.get("case_no") or "")
    found = rows.filter(case__case_no=ours).first() if ours else None
    if found is not None and found.their_no not in ("", theirs):  # a later round here: the newest has their number
        return rows.filter(their_no=theirs).first() or found
    return found or (rows.filter(their_no=theirs).first() if theirs else None)


def sides_of(share: PartnerCase) -> tuple[Side, ...]:
    """What the case is to the partner now."""
    found = [Side.ASSIGNED] if share.is_assigned else []
    return (*found, Side.REPORTED) if share.reported_at else tuple(found)


def flags_of(share: PartnerCase) -> dict[str, Any]:
    """The flags of the tier interface: kept ones, and those that follow from the case."""
    case = share.case
    return {
        "rollback": case.return_count > 0,
        "postpone": case.postpone_count > 0,
        "re_handle": case.rework_count > 0,
        "public": case.reporter_type == Case.ReporterType.PUBLIC,
        "urgency": case.urgency,
        **{name: name in share.flags for name in ("accident", "unstable", "repeat_call", "return_visit")},
    }


def case_facts(share: PartnerCase) -> dict[str, Any]:
    """What a partner is told of a case: no reporter, no names of persons."""
    case = share.case
    moments = ("reported_at", "filed_at", "dispatched_at", "dispose_deadline", "disposed_at", "close_deadline")
    return {
        "case_no": case.case_no,
        "their_no": share.their_no,
        "sides": [side.value for side in sides_of(share)],
        "state": case.state,
        "pending": case.pending,
        "kind": case.kind,
        "std_ref": case.std_ref,
        "class_code": case.class_code,
        "matter_name": case.matter_name,
        "description": case.description,
        "address": case.address,
        "longitude": case.geom.x,
        "latitude": case.geom.y,
        "division_code": case.division_code,
        "grid_code": case.grid_code,
        "duty_org": case.duty_org,
        "urgency": case.urgency,
        **{name: _moment(getattr(case, name)) for name in (*moments, "closed_at")},
        "flags": flags_of(share),
        "version": case.version,
    }


def step_facts(share: PartnerCase, step: CaseStep) -> dict[str, Any]:
    """One step as it is told; ``by_partner`` where the partner itself caused it."""
    move = BY_STEP.get(step.action)
    told = {
        "seq": step.seq,
        "step_code": step.action,
        "action": move.action.value if move else "",
        "from_state": step.from_state,
        "to_state": step.to_state,
        "at": _moment(step.operated_at),
        "deadline": _moment(step.deadline),
        "opinion": step.opinion,
        "by_partner": step.operator_id == share.partner.account_id,
        "due_at": None,
    }
    if step.action == MOVES_OF_CASES[Action.SUPERVISE].step_code:
        rows = share.case.supervisions.filter(issued_at=step.operated_at)
        told["due_at"] = _moment(rows.values_list("due_at", flat=True).first())
    return told


def photos_to_send(share: PartnerCase, action: str, seq: int) -> list[CaseMedia]:
    """The photos that go with an event: of the report with a case that is given over, of handling and checking with
    its end, else those of the step."""
    rows = CaseMedia.objects.filter(case=share.case).exclude(file="").exclude(uploaded_by=share.partner.account)
    usages = CaseMedia.Usage
    if action == "":
        rows = rows.filter(usage__in=[usages.REPORT, usages.VERIFY, usages.SELF_BEFORE])
    elif action in (Action.CLOSE, Action.FORCE_CLOSE, Action.SELF_HANDLE):
        rows = rows.filter(usage__in=[usages.HANDLE, usages.CHECK, usages.SELF_AFTER])
    else:
        rows = rows.filter(step_seq=seq)
    return list(rows.order_by("taken_at", "pk"))


def _moment(value: Any) -> str | None:
    return None if value is None else timezone.localtime(value).isoformat(timespec="seconds")


def partner_for(case: Case) -> Partner | None:
    """The partner that a case goes over to as it stands: that of the organisation it was dispatched to, or of the
    district it was assigned to; none where it stays here."""
    rows = Partner.objects.active().order_by("pk")
    with_department = case.state in (Case.State.DISPATCHED, Case.State.HANDLING)
    found = rows.filter(org_code=case.duty_org).exclude(org_code="").first() if with_department else None
    if found is None and case.district_code and (with_department or case.state == Case.State.FILED):
        found = rows.filter(kind=Partner.Kind.DISTRICT, division_code__startswith=case.district_code).first()
    return found


def visible_deliveries(user: User, **asked: Any) -> QuerySet[WebhookDelivery]:
    """What went out to partners that a person is responsible for, the newest first."""
    rows = WebhookDelivery.objects.visible_to(user).select_related("partner", "case").order_by("-pk")
    if word := asked.pop("q", ""):
        rows = rows.filter(Q(case__case_no=word) | Q(msg_id=word))
    return rows.filter(**asked)


def get_delivery(user: User, pk: int) -> WebhookDelivery:
    """One of them. Raises NotThere."""
    found: WebhookDelivery | None = visible_deliveries(user).filter(pk=pk).first()
    if found is None:
        raise NotThere(_("没有这条推送。"))
    return found
