"""Keep who reported, search by number, erase when its time is over, close anew under another key."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import BinaryField, F, Func, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services.limits import reason_given
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere
from grid.models import Case
from grid.reporters.models import Reporter
from grid.reporters.models.reporters import CLOSED
from grid.reporters.rules.cipher import NAME_LETTERS, VERSION
from grid.reporters.rules.keeping import months_before
from grid.reporters.rules.masking import SHORTEST_NUMBER, digits_of
from grid.reporters.services.keys import OTHERS, cipher, forget_key, make_key
from grid.rules import FINAL_STAGES

LONGEST = {"name": 60, "phone": 20, "email": 100, "address": 200}
"""Letters of each column."""
EACH_TIME = 500
"""Records of one transaction when many are written."""


def keep_reporter(case_rid: uuid.UUID, *, name: str = "", phone: str = "", email: str = "", address: str = "") -> None:
    """Keep who reported a case; a record that is there stays. Called in the transaction of the registration.

    The audit entry says which columns were filled, never with what. Raises InvalidInput for a text that is too long
    or a number that is none.
    """
    given = {"name": name.strip(), "phone": phone.strip(), "email": email.strip(), "address": address.strip()}
    _check(given)
    if not any(given.values()) or Reporter.objects.filter(pk=case_rid).exists():
        return
    case = Case.objects.only("rid", "case_no", "division_code").get(pk=case_rid)
    record = Reporter(case_id=case_rid)
    _close(record, given)
    with transaction.atomic():
        record.save(force_insert=True)
        audit.record(
            "reporter.keep",
            kind="reporter",
            key=case.case_no,
            division_code=case.division_code,
            after={"filled": [column for column, text in given.items() if text]},
        )


def _check(given: dict[str, str]) -> None:
    faults = {
        column: ("too_long", _("最多 %s 个字。") % LONGEST[column])
        for column, text in given.items()
        if len(text) > LONGEST[column]
    }
    if given["phone"] and len(digits_of(given["phone"])) < SHORTEST_NUMBER:
        faults["phone"] = ("phone", _("电话至少 7 位数字；请核对，或不填。"))
    if faults:
        raise InvalidInput(
            " ".join(text for _rule, text in faults.values()),
            errors=[
                {"field": f"reporter_{column}", "code": rule, "detail": text} for column, (rule, text) in faults.items()
            ],
        )


def _close(record: Reporter, given: dict[str, str]) -> None:
    """Write texts into a record, encrypted."""
    keys = cipher()
    for column in CLOSED:
        setattr(record, column, keys.close(given[column], record.place(column)))
    record.phone_index = keys.index(digits_of(given["phone"]))


def set_dispute(user: User, case_no: str, *, in_dispute: bool, reason: str) -> Reporter:
    """Keep a record beyond its time while a dispute is pending, or end that; with a reason.

    Raises NotAllowed without ``reporters.dispute_reporter``, NotThere, InvalidInput without a reason.
    """
    if not user.has_perm("reporters.dispute_reporter"):
        raise NotAllowed
    reason = reason_given(reason)[:200]
    with transaction.atomic():
        rows = Reporter.objects.workable_by(user).filter(case__case_no=case_no, erased_at__isnull=True)
        record: Reporter | None = rows.select_for_update(of=("self",)).select_related("case").first()
        if record is None:
            raise NotThere(_("这个案件没有反映人记录，或已按期抹除。"))
        before = record.in_dispute
        record.in_dispute, record.dispute_reason = in_dispute, reason if in_dispute else ""
        record.save(update_fields=["in_dispute", "dispute_reason"])
        audit.record(
            "reporter.dispute",
            kind="reporter",
            key=case_no,
            division_code=record.case.division_code,
            before={"in_dispute": before},
            after={"in_dispute": in_dispute},
            reason=reason,
        )
    return record


def erase_expired(at: datetime | None = None) -> int:
    """Erase who reported cases that ended long enough ago and are not in dispute; the cases stay. Returns how many.

    ``CITYOPS_REPORTER_MONTHS`` says how long; 0 erases nothing. The log of openings stays: it names no reporter.
    """
    if not settings.CITYOPS_REPORTER_MONTHS:
        return 0
    now = at or timezone.now()
    before = months_before(now, settings.CITYOPS_REPORTER_MONTHS)
    total = 0
    while done := _erase_some(before, now):
        total += done
    return total


def _erase_some(before: datetime, now: datetime) -> int:
    with transaction.atomic():
        ended = Coalesce("case__closed_at", "case__rejected_at", "case__updated_at")
        due = (
            Reporter.objects.filter(
                erased_at__isnull=True, in_dispute=False, case__state__in=[stage.value for stage in FINAL_STAGES]
            )
            .annotate(ended_at=ended)
            .filter(ended_at__lt=before)
            .select_for_update(of=("self",), skip_locked=True)
        )
        keys = list(due.values_list("pk", flat=True)[:EACH_TIME])
        if keys:
            nothing: dict[str, object] = {**dict.fromkeys(CLOSED, b""), "phone_index": None}
            Reporter.objects.filter(pk__in=keys).update(**nothing, erased_at=now)
            audit.record("reporter.erase", kind="reporter", after={"records": len(keys), "ended_before": str(before)})
    return len(keys)


def rotate_keys() -> tuple[str, int]:
    """Make a new key and close every record anew under it; then drop the keys that close nothing.

    The key before the new one stays until the next time: a request under way may still be closing under it.
    Returns the key's name and how many records were closed. Interrupted, it is run again: every record opens under
    the key that is named in it. Raises CannotOpen, with nothing dropped, where a record's key is missing.
    """
    name = make_key()
    done = 0
    while changed := _close_some(name):
        done += changed
    used = _keys_in_use().union(*(close_anew() for close_anew in OTHERS))
    for old in sorted(cipher().keys)[:-2]:
        if old not in used:
            forget_key(old)
    with transaction.atomic():
        audit.record("reporter.rotate_keys", kind="reporter", after={"key": name, "records": done})
    return name, done


def _close_some(name: str) -> int:
    """Close the next records that are not closed under the key; returns how many."""
    with transaction.atomic():
        heads = {f"{column}_head": _head_of(column) for column in CLOSED}
        stale = Q()
        for column in CLOSED:
            stale |= ~Q(**{column: b""}) & ~Q(**{f"{column}_head": VERSION + name.encode()})
        rows = list(
            Reporter.objects.annotate(**heads).filter(stale).select_for_update(of=("self",)).order_by("pk")[:EACH_TIME]
        )
        keys = cipher()
        for row in rows:
            _close(row, {column: keys.open(bytes(getattr(row, column)), row.place(column)) for column in CLOSED})
        Reporter.objects.bulk_update(rows, [*CLOSED, "phone_index"])
    return len(rows)


def _head_of(column: str) -> Func:
    """Version and key name of a cipher text, in SQL."""
    return Func(F(column), 1, 1 + NAME_LETTERS, function="substring", output_field=BinaryField())


def _keys_in_use() -> set[str]:
    """Names of the keys that close something."""
    keys, found = cipher(), set()
    for row in Reporter.objects.filter(erased_at__isnull=True).iterator(chunk_size=2000):
        found |= {keys.key_of(bytes(closed)) for column in CLOSED if (closed := getattr(row, column))}
    return found
