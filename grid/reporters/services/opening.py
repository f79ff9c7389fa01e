"""Open the record of one reporter: one at a time, with a reason, counted, and written where the record shows it."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import User
from cityops.accounts.services.limits import reason_given
from cityops.foundation import audit
from cityops.foundation.errors import NotAllowed, NotThere, Refused, field_fault
from cityops.foundation.locks import hold
from grid.models import Case
from grid.reporters.models import OpeningAlarm, Reporter, ReporterOpening
from grid.reporters.models.reporters import CLOSED
from grid.reporters.rules.cipher import CannotOpen
from grid.reporters.rules.masking import SHORTEST_NUMBER, digits_of, tells_on
from grid.reporters.services.keys import cipher

PER_HOUR = 20
"""Records that one person may open within an hour."""
PER_DAY = 50
"""Openings of one person on one day at which an alarm is raised (security notes c.4)."""
REASON_LETTERS = 200


class TooManyOpenings(Refused):
    """Somebody opened as many records as may be opened in an hour."""

    code = "too_many_openings"
    status = 429
    title = gettext_lazy("查看反映人的次数已达上限")


class KeyMissing(Refused):
    """The record cannot be opened here: its key is not among the files of this node."""

    code = "key_missing"
    title = gettext_lazy("缺少解密密钥")


@dataclass(frozen=True)
class Person:
    """Who reported, in full. Never written anywhere; shown once."""

    name: str
    phone: str
    email: str
    address: str


def open_reporter(user: User, case_no: str, *, reason: str) -> Person:
    """Who reported a case, in full, for a reason that everybody who may see the record can read.

    Raises NotAllowed without ``reporters.open_reporter``; NotThere; InvalidInput without a reason, or with one that
    holds the number or name; TooManyOpenings; KeyMissing.
    """
    if not user.has_perm("reporters.open_reporter"):
        raise NotAllowed
    reason = reason_given(reason)[:REASON_LETTERS]
    with transaction.atomic():
        hold(f"opening:{user.pk}")  # one after the other, or two at once would both be the last allowed
        record = _record(user, case_no)
        _check_rate(user)
        person = opened(record)
        if tells_on(reason, name=person.name, phone=person.phone):
            told = _("原因里不要写姓名和电话：能看案件的人都会看到。")
            raise field_fault("reason", "personal", told)
        ReporterOpening.objects.create(reporter=record, opened_by=user, reason=reason)
        audit.record(
            "reporter.open",
            kind="reporter",
            key=case_no,
            division_code=record.case.division_code,
            reason=reason,
        )
        _raise_alarm(user)
    return person


def opened(record: Reporter) -> Person:
    """A record in full. Raises KeyMissing."""
    keys = cipher()
    try:
        return Person(**{column: keys.open(bytes(getattr(record, column)), record.place(column)) for column in CLOSED})
    except CannotOpen as fault:
        raise KeyMissing(_("反映人记录无法解密：密钥文件不在本节点。请系统管理员从密钥备份恢复。")) from fault


def _record(user: User, case_no: str) -> Reporter:
    rows = Reporter.objects.workable_by(user).filter(case__case_no=case_no, erased_at__isnull=True)
    record: Reporter | None = rows.select_related("case").first()
    if record is None:
        raise NotThere(_("这个案件没有反映人记录，或已按期抹除。"))
    return record


def _check_rate(user: User) -> None:
    since = timezone.now() - timedelta(hours=1)
    if ReporterOpening.objects.filter(opened_by=user, opened_at__gt=since).count() >= PER_HOUR:
        raise TooManyOpenings(_("一小时内最多查看 %s 位反映人；请稍后再试，或由其他人员办理。") % PER_HOUR)


def _raise_alarm(user: User) -> None:
    """Write once a day that somebody opens unusually many records, and keep the number of that day."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    number = ReporterOpening.objects.filter(opened_by=user, opened_at__gte=midnight).count()
    if number < PER_DAY:
        return
    alarm, is_new = OpeningAlarm.objects.update_or_create(
        person=user, day=timezone.localdate(), defaults={"openings": number}
    )
    if is_new:
        audit.record(
            "reporter.many_openings",
            kind="person",
            key=user.username,
            division_code=user.division_code,
            after={"openings": number, "day": str(alarm.day)},
        )


def find_by_phone(user: User, phone: str) -> list[Case]:
    """Cases that were reported from a number, newest first, 100 at most; found by the keyed index, opening nothing.

    Raises NotAllowed without ``reporters.view_reporter``; InvalidInput for what is no number.
    """
    if not user.has_perm("reporters.view_reporter"):
        raise NotAllowed
    digits = digits_of(phone)
    if len(digits) < SHORTEST_NUMBER:
        told = _("请填写完整的电话号码（至少 7 位数字）。")
        raise field_fault("phone", "phone", told)
    index = cipher().index(digits)
    found = list(Case.objects.workable_by(user).filter(reporter__phone_index=index).order_by("-reported_at")[:100])
    with transaction.atomic():
        audit.record("reporter.search", kind="reporter", division_code=user.division_code, after={"found": len(found)})
    return found
