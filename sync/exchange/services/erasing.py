"""A person orders that a record is erased for privacy: here at once, at the other nodes by the stream."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, Refused, field_fault
from cityops.foundation.models import AuditEvent, IdempotentAnswer
from cityops.foundation.records import ExchangedRecord, RecordKind, registry
from sync.exchange.models import DirtyMark, Erasure, RecordVersion
from sync.exchange.services import wiping
from sync.exchange.services.sequencing import ERASED
from sync.exchange.services.shapes import steady_text


@transaction.atomic
def erase_record(actor: User | None, *, dataset: str, rid: UUID, reason: str) -> Erasure:
    """Erase a record of this node with all that was ever stored of it; a second order changes nothing.

    ``actor`` None is the operator at the command line. Receivers wipe it when the stream brings the order and confirm
    it in their signed receipts. Raises InvalidInput without a reason or for an unknown dataset, NotThere for a record
    that is not this node's or not the actor's to see, Refused where something else still needs the record.
    """
    reason = limits.reason_given(reason)
    if dataset not in registry:
        raise field_fault("dataset", "unknown", _("没有数据集 %s。") % dataset)
    kind = registry.get(dataset)
    if kind.addressed_by:
        raise Refused(_("下发给单个节点的记录不能擦除,请撤回。"), dataset=dataset)
    known = Erasure.objects.filter(dataset=dataset, rid=rid, owner_code=settings.CITYOPS_NODE).first()
    row = kind.model._default_manager.select_for_update().filter(pk=rid, origin_code=settings.CITYOPS_NODE).first()
    division = _division(actor, kind, row, rid)
    if known is not None and row is None:
        return known
    if row is not None:
        _forget_in_trail(kind, row)
        _delete(row)
    DirtyMark.objects.create(dataset=dataset, rid=rid, op=ERASED, marked_at=timezone.now())
    with connection.cursor() as cursor:
        steady_text(cursor)
        wiped = wiping.wipe(cursor, dataset, [rid], owner=settings.CITYOPS_NODE)
    audit.record("record.erase", kind=dataset, key=rid, division_code=division, reason=reason, after={"batches": wiped})
    name = actor.get_username() if actor else ""
    found, _made = Erasure.objects.update_or_create(
        dataset=dataset,
        rid=rid,
        defaults={
            "owner_code": settings.CITYOPS_NODE,
            "reason": reason[:300],
            "ordered_by": name,
            "ordered_at": timezone.now(),
            "wiped_batches": wiped,
            "confirmed": {},
        },
    )
    return found


def _division(actor: User | None, kind: RecordKind, row: ExchangedRecord | None, rid: UUID) -> str:
    """The division of the record. Raises NotThere where the actor may not see it, or this node never had it."""
    if row is None:
        owned = RecordVersion.objects.filter(rid=rid, dataset=kind.dataset, owner_code=settings.CITYOPS_NODE)
        if not owned.exists():
            raise NotThere
        if actor is not None:
            limits.whole_instance(actor)  # where a deleted record lay, nobody can say
        return ""
    division = str(getattr(row, kind.division_field, ""))[:12] if kind.division_field else ""
    if actor is not None and not division.startswith(actor.scope_prefix):
        raise NotThere
    return division


def _delete(row: ExchangedRecord) -> None:
    try:
        row.delete()
    except ProtectedError as error:
        needed_by = sorted({str(one._meta.verbose_name) for one in error.protected_objects})
        told = _("记录还被引用:%s。请先改正引用它的记录。") % ", ".join(needed_by)
        raise Refused(told, needed_by=needed_by) from error


def _forget_in_trail(kind: RecordKind, row: ExchangedRecord) -> None:
    """Take the record's words out of the trail: who did what and when stays, the values go."""
    keys = {str(row.pk), *_numbers(kind, row)}
    with _trail_open():
        AuditEvent.objects.filter(object_key__in=keys).filter(Q(before__isnull=False) | Q(after__isnull=False)).update(
            before=None, after={"erased": True}
        )
    IdempotentAnswer.objects.filter(body__rid=str(row.pk)).delete()


@contextmanager
def _trail_open() -> Iterator[None]:
    """Let the trail be changed by the statements of this block, and by nothing else."""
    triggers: list[Any] = getattr(AuditEvent._meta, "triggers")  # noqa: B009 set by django-pgtrigger
    (guard,) = (one for one in triggers if one.name == "audit_append_only")
    name = f"{{{guard.get_pgid(AuditEvent)}}}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [name])
        yield
        cursor.execute("SELECT set_config('pgtrigger.ignore', '', true)")


def _numbers(kind: RecordKind, row: Any) -> set[str]:
    """The business numbers by which the trail may name the record."""
    columns = {field.name for field in kind.model._meta.concrete_fields if field.unique and not field.primary_key}
    for constraint in kind.model._meta.constraints:
        columns |= set(getattr(constraint, "fields", ())) & set(kind.fields.values())
    values = {str(getattr(row, column, "") or "") for column in columns if column != kind.division_field}
    return {value for value in values if len(value) > 5}
