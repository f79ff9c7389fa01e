"""Verdicts: which staged records are not simply applied, and why."""

import json

from django.conf import settings
from django.db.backends.utils import CursorWrapper

from cityops.foundation.records import ChildRows, Flow, Need, registry
from cityops.regions.models import Division
from cityops.regions.rules import Level
from sync.exchange.rules.places import codes_below, node_rid, prefix_of
from sync.exchange.services.checks import Check, checks_of, checks_of_children
from sync.exchange.services.chunks import Reason, Target
from sync.exchange.services.shapes import quoted
from sync.standard.models import DictionaryVersion
from tiers.models import Node

VERDICTS = (
    "CREATE TEMP TABLE IF NOT EXISTS sync_verdict (seq bigint PRIMARY KEY, state text, reasons jsonb, "
    "needs_dataset text NOT NULL DEFAULT '', needs_key text NOT NULL DEFAULT '') ON COMMIT DELETE ROWS"
)
DICTIONARY = "ZD"
"""Stands for a version of the datasets' dictionary among what a record may wait for."""
NO_NEEDS = "'', ''"
TIER_LETTER = {Level.NATION: "N", Level.PROVINCE: "P", Level.CITY: "C"}


def judge(cursor: CursorWrapper, target: Target) -> None:
    """Write a verdict for every record that is not simply applied."""
    shape = target.shape
    _park_foreign(cursor, target)
    cursor.execute(
        f"""
        INSERT INTO sync_verdict
        SELECT s.seq, CASE WHEN (s.rec_epoch, s.rev) = (v.rec_epoch, v.rev) THEN 'P' ELSE 'S' END,
               '[{{"code": "FORK", "detail": "The same version with another content.", "remedy": ""}}]'::jsonb
        FROM {shape.stage} s JOIN sync_record v ON v.rid = s.rid
        WHERE (s.rec_epoch, s.rev) < (v.rec_epoch, v.rev)
           OR ((s.rec_epoch, s.rev) = (v.rec_epoch, v.rev) AND decode(s.content_sha, 'hex') <> v.content_sha)
        ON CONFLICT DO NOTHING
        """
    )
    _judge_by(cursor, target, [*_place_checks(target), *_name_checks(cursor, target)], may_wait=False)
    _judge_by(cursor, target, checks_of(shape.kind), may_wait=True)
    for child in shape.kind.children:
        _judge_children(cursor, target, child)
    for need in shape.kind.needs:
        _judge_need(cursor, target, need)


def judge_own(cursor: CursorWrapper, target: Target, scope_prefix: str) -> None:
    """The same for records that become this node's own, handed in by somebody who answers for a division."""
    _park_foreign(cursor, target)
    kind = target.shape.kind
    checks = [*_place_checks(target), *_name_checks(cursor, target), *checks_of(kind)]
    if kind.division_field in target.shape.columns:
        broken = f"NOT starts_with({quoted(kind.division_field)}, '{scope_prefix}')"
        remedy = "Hand in what lies in the division of the account only."
        checks.append(Check("outside_scope", broken, f"{kind.dataset}.{kind.division_field}: outside", remedy))
    _judge_by(cursor, target, checks, may_wait=False)


def _park_foreign(cursor: CursorWrapper, target: Target) -> None:
    """A node writes only what it owns: a record of somebody else is parked, whatever it says."""
    shape = target.shape
    cursor.execute(
        f"""
        INSERT INTO sync_verdict
        SELECT f.seq, 'P', jsonb_build_array(jsonb_build_object('code', 'OWNER', 'detail',
               concat('{shape.kind.dataset} ', f.rid, ' belongs to ', f.owner, ', not to {target.producer}.'),
               'remedy', 'Only its owner changes a record. Find out who tried at {target.producer}.'))
        FROM (SELECT s.seq, s.rid, t.origin_code AS owner FROM {shape.stage} s JOIN {shape.table} t ON t.rid = s.rid
              WHERE t.origin_code <> %s
              UNION ALL
              SELECT s.seq, s.rid, v.owner_code FROM {shape.stage} s JOIN sync_record v ON v.rid = s.rid
              WHERE v.owner_code <> %s OR v.dataset <> %s) f
        ON CONFLICT DO NOTHING
        """,
        [target.producer, target.producer, shape.kind.dataset],
    )


def _judge_by(cursor: CursorWrapper, target: Target, checks: list[Check], *, may_wait: bool) -> None:
    """Park what breaks a rule; it waits where the producer follows a dictionary that has not arrived here yet."""
    if not checks:
        return
    state, needs = _state_of_faults(target) if may_wait else ("P", NO_NEEDS)
    cursor.execute(
        f"INSERT INTO sync_verdict SELECT s.seq, '{state}', to_jsonb({_reasons(checks)}), {needs} "
        f"FROM {target.shape.stage} s WHERE s.op = 'U' AND ({_any(checks)}) ON CONFLICT DO NOTHING"
    )


def _state_of_faults(target: Target) -> tuple[str, str]:
    """What becomes of a record that breaks the data standard, and (as SQL) the dictionary that it waits for."""
    versions = DictionaryVersion.objects.filter(kind=DictionaryVersion.Kind.DATASETS)
    is_known = not target.standard or versions.filter(code=target.standard).exists() or not versions.exists()
    return ("P", NO_NEEDS) if is_known else ("W", f"'{DICTIONARY}', {_quote(target.standard)}")


def _judge_need(cursor: CursorWrapper, target: Target, need: Need) -> None:
    """A record whose parent is not here waits for it."""
    shape, column = target.shape, quoted(need.column)
    theirs = registry.get(need.dataset)
    detail = (
        f"'{shape.kind.dataset} needs {need.dataset} {need.their_column} = ', s.{column}, ', which is not here yet.'"
    )
    cursor.execute(
        f"""
        INSERT INTO sync_verdict
        SELECT s.seq, 'W', jsonb_build_array(jsonb_build_object('code', 'waits', 'detail', concat({detail}),
               'remedy', 'Nothing is to be done: it is applied when that arrives.')), %s, s.{column}
        FROM {shape.stage} s WHERE s.op = 'U' AND s.{column} <> ''
          AND NOT EXISTS (SELECT FROM {quoted(theirs.table)} t WHERE t.{quoted(need.their_column)} = s.{column})
        ON CONFLICT DO NOTHING
        """,
        [need.dataset],
    )


def _judge_children(cursor: CursorWrapper, target: Target, child: ChildRows) -> None:
    """A record with a child row that breaks a rule is parked, whole."""
    shape = target.shape
    checks = checks_of_children(shape.kind, child)
    if not checks:
        return
    state, needs = _state_of_faults(target)
    cursor.execute(
        f"""
        INSERT INTO sync_verdict AS v
        SELECT s.seq, '{state}', jsonb_agg(DISTINCT b.reason), {needs}
        FROM (SELECT k.{quoted(child.parent)} AS rid, unnest({_reasons(checks)}) AS reason
              FROM {shape.child_stage(child)} k WHERE {_any(checks)}) b
        JOIN {shape.stage} s ON s.rid = b.rid AND s.op = 'U' GROUP BY s.seq
        ON CONFLICT (seq) DO UPDATE SET reasons = v.reasons || excluded.reasons
            WHERE v.state = excluded.state AND v.reasons->0->>'code' <> 'OWNER'
        """
    )


def _any(checks: list[Check]) -> str:
    return " OR ".join(f"({check.broken})" for check in checks)


def _reasons(checks: list[Check]) -> str:
    """SQL of the reasons of those rules that a row breaks."""
    reasons = ", ".join(f"CASE WHEN {check.broken} THEN {_literal(check)} END" for check in checks)
    return f"array_remove(ARRAY[{reasons}], NULL)"


def _literal(check: Check) -> str:
    reason = Reason(check.code, check.detail, check.remedy).as_json()
    return f"{_quote(json.dumps(reason, ensure_ascii=False))}::jsonb"


def _quote(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _place_checks(target: Target) -> list[Check]:
    kind = target.shape.kind
    prefix = prefix_of(target.producer)
    if kind.addressed_by:
        here, below = settings.CITYOPS_NODE, codes_below(settings.CITYOPS_NODE)
        broken = f"{target.shape.audience('s')} <> '{here}' AND {target.shape.audience('s')} !~ '{below}'"
        remedy = "A record that is for one node travels in the stream of that node."
        return [Check("audience", broken, f"The record is not for {here}.", remedy)]
    if kind.flow is Flow.DOWN or not prefix or kind.division_field not in target.shape.columns:
        return []
    column = quoted(kind.division_field)
    return [
        Check(
            "owner_division",
            f"NOT starts_with({column}, '{prefix}')",
            f"The record lies outside the division {prefix} of {target.producer}.",
            "A node reports only what lies in its own division: mend the division code at the owner.",
        )
    ]


def _name_checks(cursor: CursorWrapper, target: Target) -> list[Check]:
    """Nobody takes the identifier of another node's entry in the register, and nobody enters another node.

    These identifiers follow from the node code, so anybody could take them first.
    """
    remedy = "Give the record another identifier at its owner."
    if target.shape.kind.model is Node:
        own = node_rid(target.producer)
        broken = f"s.rid <> '{own}' OR s.node_code <> '{target.producer}'"
        return [Check("own_node", broken, f"Not the entry of {target.producer}, which alone it sends.", remedy)]
    if target.shape.kind.flow is Flow.DOWN:
        return []
    cursor.execute(f"SELECT rid FROM {target.shape.stage} WHERE op = 'U' AND get_byte(uuid_send(rid), 6) >> 4 = 5")
    taken = {rid for (rid,) in cursor.fetchall()}
    reserved = taken & {node_rid(code) for code in _node_codes()} if taken else set()
    if not reserved:
        return []
    listed = ", ".join(f"'{rid}'" for rid in sorted(reserved))
    return [Check("reserved", f"s.rid IN ({listed})", "The identifier is that of a node in the register.", remedy)]


def _node_codes() -> set[str]:
    """Codes of the nodes there are, and of those that nation, provinces and cities could have."""
    divisions = Division.objects.filter(level__in=TIER_LETTER).values_list("code", "level").distinct()
    possible = {f"{code}-{TIER_LETTER[Level(level)]}" for code, level in divisions}
    return possible | set(Node.objects.values_list("node_code", flat=True))
