"""Verdicts: which staged records are not simply applied, and why."""

import json

from django.conf import settings
from django.db.backends.utils import CursorWrapper

from cityops.foundation.records import ChildRows, Flow
from cityops.regions.models import Division
from cityops.regions.rules import Level
from sync.exchange.rules.places import codes_below, node_rid, prefix_of
from sync.exchange.services.checks import Check, checks_of, checks_of_children
from sync.exchange.services.chunks import Reason, Target
from sync.exchange.services.shapes import quoted
from tiers.models import Node

VERDICTS = (
    "CREATE TEMP TABLE IF NOT EXISTS sync_verdict (seq bigint PRIMARY KEY, state text, reasons jsonb) "
    "ON COMMIT DELETE ROWS"
)
TIER_LETTER = {Level.NATION: "N", Level.PROVINCE: "P", Level.CITY: "C"}


def judge(cursor: CursorWrapper, target: Target) -> None:
    """Write a verdict for every record that is not simply applied."""
    shape = target.shape
    cursor.execute(
        f"""
        INSERT INTO sync_verdict
        SELECT s.seq, CASE WHEN (s.rec_epoch, s.rev) = (v.rec_epoch, v.rev) THEN 'P' ELSE 'S' END,
               '[{{"code": "FORK", "detail": "The same version with another content.", "remedy": ""}}]'::jsonb
        FROM {shape.stage} s JOIN sync_record v ON v.rid = s.rid
        WHERE (s.rec_epoch, s.rev) < (v.rec_epoch, v.rev)
           OR ((s.rec_epoch, s.rev) = (v.rec_epoch, v.rev) AND decode(s.content_sha, 'hex') <> v.content_sha)
        """
    )
    checks = [*_place_checks(target), *_name_checks(cursor, target), *checks_of(shape.kind)]
    if checks:
        cursor.execute(
            f"INSERT INTO sync_verdict SELECT s.seq, 'P', to_jsonb({_reasons(checks)}) "
            f"FROM {shape.stage} s WHERE s.op = 'U' AND ({_any(checks)}) ON CONFLICT DO NOTHING"
        )
    for child in shape.kind.children:
        _judge_children(cursor, target, child)


def _judge_children(cursor: CursorWrapper, target: Target, child: ChildRows) -> None:
    """A record with a child row that breaks a rule is parked, whole."""
    shape = target.shape
    checks = checks_of_children(shape.kind, child)
    if not checks:
        return
    cursor.execute(
        f"""
        INSERT INTO sync_verdict AS v
        SELECT s.seq, 'P', jsonb_agg(DISTINCT b.reason)
        FROM (SELECT k.{quoted(child.parent)} AS rid, unnest({_reasons(checks)}) AS reason
              FROM {shape.child_stage(child)} k WHERE {_any(checks)}) b
        JOIN {shape.stage} s ON s.rid = b.rid AND s.op = 'U' GROUP BY s.seq
        ON CONFLICT (seq) DO UPDATE SET reasons = v.reasons || excluded.reasons WHERE v.state = 'P'
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
