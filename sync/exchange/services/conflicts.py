"""Conflicts 版本冲突: both versions of a record kept side by side until a person decides."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, Refused
from cityops.foundation.records import registry
from sync.exchange.models import Conflict, DirtyMark
from sync.exchange.rules.masking import masked_sql
from sync.exchange.rules.recovering import Version
from sync.exchange.services.proofs import Evident
from sync.exchange.services.sequencing import FORCED
from sync.exchange.services.shapes import Shape, quoted, steady_text
from sync.exchange.services.writing import REFUSED_BY_DATABASE, write_own


def open_conflict(shape: Shape, peer: Evident, local: Version | None, cause: Conflict.Cause) -> Conflict | None:
    """Keep the peer's version beside the one here; None where this one was kept before."""
    same = {"rec_epoch": peer.said.rec_epoch, "rev": peer.said.rev, "content": peer.said.content}
    if Conflict.objects.filter(rid=peer.said.rid, other__contains=same).exists():
        return None
    kept, other = fields_here(shape, str(peer.said.rid)), _fields_of(shape, peer)
    conflict = Conflict.objects.create(
        rid=peer.said.rid,
        dataset=shape.kind.dataset,
        division_code=str((kept or other).get(shape.kind.division_field, ""))[:12],
        holder_code=peer.said.holder,
        cause=cause,
        kept={**_numbers(local), "fields": kept},
        other={**_numbers(peer.version), "fields": other},
        line=peer.line.decode(errors="backslashreplace"),
        children={
            child.name: block.decode(errors="backslashreplace")
            for child, block in zip(shape.kind.children, peer.blocks, strict=True)
        },
    )
    audit.record(
        "conflict.open",
        kind=shape.kind.dataset,
        key=peer.said.rid,
        division_code=conflict.division_code,
        after={"holder": peer.said.holder, "cause": cause.value, **same},
    )
    return conflict


def _numbers(version: Version | None) -> dict[str, Any]:
    if version is None:
        return {"rec_epoch": 0, "rev": 0, "op": "", "content": ""}
    return version._asdict()


def fields_here(shape: Shape, rid: str) -> dict[str, Any]:
    """The travelling fields of an own record as they leave, with its child rows; empty where it is not there."""
    with connection.cursor() as cursor:
        steady_text(cursor)
        listed = _texts("r", shape.columns, shape.kind.free_text)
        cursor.execute(f"SELECT {listed} FROM {shape.table} r WHERE r.rid = %s", [rid])
        row = cursor.fetchone()
        if row is None:
            return {}
        found: dict[str, Any] = dict(zip(shape.columns, row, strict=True))
        for child in shape.kind.children:
            columns = shape.child_columns(child)[1:]
            texts = _texts("c", columns, child.free_text)
            table, order = quoted(child.model._meta.db_table), quoted(child.order)
            cursor.execute(
                f"SELECT {texts} FROM {table} c WHERE c.{quoted(child.parent)} = %s ORDER BY c.{order}", [rid]
            )
            found[child.name] = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
    return found


def _texts(alias: str, columns: tuple[str, ...], free_text: frozenset[str]) -> str:
    names = {column: f"{alias}.{quoted(column)}" for column in columns}
    return ", ".join(f"({masked_sql(name) if column in free_text else name})::text" for column, name in names.items())


def _fields_of(shape: Shape, peer: Evident) -> dict[str, Any]:
    """The same out of COPY text."""
    if peer.said.op != "U":
        return {}
    values = peer.line.rstrip(b"\n").split(b"\t")[6:]
    found: dict[str, Any] = dict(zip(shape.columns, map(_text, values), strict=True))
    for child, block in zip(shape.kind.children, peer.blocks, strict=True):
        columns = shape.child_columns(child)[1:]
        rows = [row.split(b"\t")[1:] for row in block.split(b"\n")[:-1]]
        found[child.name] = [dict(zip(columns, map(_text, row), strict=True)) for row in rows]
    return found


ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _text(value: bytes) -> str | None:
    """A value out of COPY text."""
    if value == rb"\N":
        return None
    parts = value.decode(errors="backslashreplace").split("\\")
    text, rest = parts[0], iter(parts[1:])
    for part in rest:
        text += ESCAPES.get(part[0], part[0]) + part[1:] if part else "\\" + next(rest, "")
    return text


def may_decide(actor: User, conflict: Conflict) -> bool:
    """Whether a conflict that the actor sees is the actor's to decide."""
    return limits.has_whole_instance(actor) or conflict.division_code.startswith(actor.scope_prefix)


@transaction.atomic
def decide(actor: User, conflict: Conflict, *, decision: str, reason: str) -> Conflict:
    """Let the version stand that a person chose; the other stays in the conflict and in the audit trail.

    The record gets a new version either way, above both, which goes to every node. Raises InvalidInput without a
    reason or with another decision, Refused for one that is decided, and for a version that the tables do not take.
    """
    reason = limits.reason_given(reason)
    conflict = Conflict.objects.select_for_update().get(pk=conflict.pk)
    if conflict.state != Conflict.State.OPEN:
        raise Refused(_("该冲突已经裁定。"), state=conflict.state)
    if decision not in Conflict.Decision.values:
        raise InvalidInput(_("请选择保留哪个版本。"))
    if not may_decide(actor, conflict):
        limits.whole_instance(actor)
    if decision == Conflict.Decision.TAKE:
        _take(conflict)
    conflict.state, conflict.decision, conflict.reason = Conflict.State.RESOLVED, decision, reason
    conflict.decided_by, conflict.decided_at = actor.username, timezone.now()
    conflict.save()
    DirtyMark.objects.create(dataset=conflict.dataset, rid=conflict.rid, op=FORCED, marked_at=timezone.now())
    audit.record(
        "conflict.decide",
        kind=conflict.dataset,
        key=conflict.rid,
        division_code=conflict.division_code,
        before={name: value for name, value in conflict.kept.items() if name != "fields"},
        after={"decision": decision, **{name: value for name, value in conflict.other.items() if name != "fields"}},
        reason=reason,
    )
    return conflict


def _take(conflict: Conflict) -> None:
    """Write the other version over the one here."""
    shape = Shape(registry.get(conflict.dataset))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            steady_text(cursor)
            write_own(cursor, shape, [_Kept(conflict, shape)], replaces=True)
    except REFUSED_BY_DATABASE as error:
        raise Refused(
            _("对端版本不能写入：%(why)s 请先处理占用编号的记录，或保留本节点版本。")
            % {"why": str(error).strip().splitlines()[0][:200]}
        ) from error


class _Kept:
    """The other version of a conflict as COPY text."""

    def __init__(self, conflict: Conflict, shape: Shape) -> None:
        self.line = conflict.line.encode()
        self.blocks = [conflict.children.get(child.name, "").encode() for child in shape.kind.children]
