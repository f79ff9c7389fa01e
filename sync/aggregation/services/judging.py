"""One rule over all nodes: what is broken becomes findings, what is so no longer ends, the count becomes a result."""

from dataclasses import dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from cityops.foundation import derived
from cityops.foundation.records import registry
from sync.aggregation.rules.rulebook import CONFORMS, DERIVED, Rule
from sync.aggregation.rules.sql import Lookup, Source, Statement, key_of
from sync.aggregation.selectors import sources
from sync.standard.validation import sql_checks

MOST_FINDINGS = 2000
"""Findings of one rule and node that are kept; the count goes on."""
CHANGED = "t.rid IN (SELECT rid FROM aggregation_changed)"


@dataclass
class Job:
    """What the rules of one run share."""

    find: Lookup
    owners: list[str]
    totals: dict[str, dict[str, int]]
    """Dataset → node → records."""
    changes: bool = False
    statements: int = 0
    off: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.off = sources.unsubscribed(self.owners)

    def of(self, dataset: str) -> list[str]:
        """The nodes whose records of a dataset are looked at: those that are to send it."""
        return [owner for owner in self.owners if (owner, dataset) not in self.off]

    def taken(self) -> int:
        """The statements since the last time it was asked."""
        taken, self.statements = self.statements, 0
        return taken

    def ask(self, cursor: CursorWrapper, sql: str, params: dict[str, Any]) -> None:
        """Execute one statement, and count it."""
        cursor.execute(sql, params)
        self.statements += 1


def prepare(rule: Rule, job: Job) -> Statement:
    """The question of a rule. Raises RuleFault."""
    source = job.find(rule.dataset)
    if rule.check == CONFORMS:
        return _conforms(source)
    if rule.check == DERIVED:
        return _derived(rule, job)
    return rule.statement(source, job.find)


def _conforms(source: Source) -> Statement:
    """What the definition of the dataset demands, as at reception: a record may have come under an older one."""
    found = sql_checks(source.dataset, registry.get(source.dataset).fields, alias="t")
    cases = " ".join(f"WHEN {check.broken.replace('%', '%%')} THEN %(c{n})s" for n, check in enumerate(found))
    sql = (
        f"SELECT owner, rid, subject, record_key, detail FROM (SELECT t.origin_code AS owner, t.rid, t.rid::text AS "
        f"subject, {key_of(source)} AS record_key, CASE {cases} END::text AS detail FROM {source.table} t "
        "WHERE t.origin_code = ANY(%(owners)s::text[]) AND {scope}) q WHERE detail IS NOT NULL"
    )
    told = {f"c{n}": f"{check.field}：{check.remedy}"[:300] for n, check in enumerate(found)}
    return Statement(sql, told, by_record=True)


def _derived(rule: Rule, job: Job) -> Statement:
    """What the app of the dataset derives itself, and finds to be different."""
    found = derived.unlike(rule.dataset, job.of(rule.dataset)) if not job.changes else []
    params = {
        "a": [one.owner_code for one in found],
        "b": [one.rid for one in found],
        "c": [one.record_key[:64] for one in found],
        "d": [one.detail[:300] for one in found],
    }
    sql = (
        "SELECT owner, rid, rid::text AS subject, record_key, detail FROM "
        "unnest(%(a)s::text[], %(b)s::uuid[], %(c)s::text[], %(d)s::text[]) AS u (owner, rid, record_key, detail)"
    )
    return Statement(sql, params, by_record=False)


def judge(cursor: CursorWrapper, rule: Rule, job: Job) -> None:
    """Run one rule: one statement for what it finds, one for its results. Raises RuleFault."""
    statement = prepare(rule, job)
    owners = job.of(rule.dataset)
    if not job.changes:
        _count(cursor, rule.dataset, job)
    _days_of(cursor, sources.zone())
    job.ask(
        cursor,
        _findings_sql(statement, changes=job.changes),
        {
            **statement.params,
            "owners": owners,
            "everybody": job.owners,
            "zone": sources.zone(),
            "rule": rule.code,
            "dataset": rule.dataset,
            "most": MOST_FINDINGS,
        },
    )
    broken = dict(cursor.fetchall())
    _days_of(cursor, "UTC")  # which Django counts on
    if not job.changes:
        held = job.totals[rule.dataset]
        counts = {o: (held.get(o, 0), broken.get(o, 0)) for o in {*held, *broken} & {*owners}}
        _write_results(cursor, rule, job, counts, by_record=statement.by_record)


def _days_of(cursor: CursorWrapper, zone: str) -> None:
    """Begin days, and write moments, as a time zone has them."""
    cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])


def _findings_sql(statement: Statement, *, changes: bool) -> str:
    """One statement: what is broken, written down, what is so no longer, ended; the counts by node.

    Over changes only findings about changed records may end.
    """
    broken = statement.sql.replace("{scope}", CHANGED if changes else "true")
    within = "AND f.rid IN (SELECT rid FROM aggregation_changed)" if changes else ""
    return f"""
    WITH broken AS MATERIALIZED (
        SELECT owner, rid, left(subject, 120) AS subject, left(record_key, 64) AS record_key,
               left(detail, 300) AS detail, row_number() OVER (PARTITION BY owner ORDER BY subject) AS number
        FROM ({broken}) AS found
    ), kept AS (SELECT * FROM broken WHERE number <= %(most)s), written AS (
        INSERT INTO aggregation_qualityfinding AS f
            (rule_code, owner_code, dataset, subject, rid, record_key, detail, found_at, seen_at)
        SELECT %(rule)s, owner, %(dataset)s, subject, rid, record_key, detail,
               statement_timestamp(), statement_timestamp() FROM kept
        ON CONFLICT (rule_code, owner_code, subject) DO UPDATE SET
            found_at = CASE WHEN f.gone_at IS NULL THEN f.found_at ELSE excluded.found_at END,
            seen_at = excluded.seen_at, detail = excluded.detail, record_key = excluded.record_key, gone_at = NULL
    ), ended AS (
        UPDATE aggregation_qualityfinding f SET gone_at = statement_timestamp()
        WHERE f.rule_code = %(rule)s AND f.gone_at IS NULL
        AND f.owner_code = ANY(%(everybody)s::text[]) {within}
        AND NOT EXISTS (SELECT FROM kept k WHERE k.owner = f.owner_code AND k.subject = f.subject)
    ) SELECT owner, count(*) FROM broken GROUP BY owner"""


def _count(cursor: CursorWrapper, dataset: str, job: Job) -> None:
    """Count the records of a dataset by node, once a run."""
    if dataset not in job.totals:
        table = job.find(dataset).table
        job.ask(
            cursor,
            f"SELECT origin_code, count(*) FROM {table} WHERE origin_code = ANY(%(owners)s::text[]) GROUP BY 1",
            {"owners": job.owners},
        )
        job.totals[dataset] = dict(cursor.fetchall())


def _write_results(
    cursor: CursorWrapper, rule: Rule, job: Job, found: dict[str, tuple[int, int]], *, by_record: bool
) -> None:
    rows = sorted(found.items())
    owners, counts = [owner for owner, _counts in rows], [counts for _owner, counts in rows]
    job.ask(
        cursor,
        "INSERT INTO aggregation_ruleresult "
        "(rule_code, owner_code, dataset, clause, severity, by_record, checked, broken, ran_at) "
        "SELECT %(rule)s, owner, %(dataset)s, %(clause)s, %(severity)s, %(by_record)s, checked, broken, "
        "statement_timestamp() "
        "FROM unnest(%(owners)s::text[], %(checked)s::bigint[], %(broken)s::bigint[]) AS u (owner, checked, broken) "
        "ON CONFLICT (rule_code, owner_code) DO UPDATE SET dataset = excluded.dataset, clause = excluded.clause, "
        "severity = excluded.severity, by_record = excluded.by_record, checked = excluded.checked, "
        "broken = excluded.broken, ran_at = excluded.ran_at",
        {
            "rule": rule.code,
            "dataset": rule.dataset,
            "clause": rule.clause,
            "severity": rule.severity,
            "by_record": by_record,
            "owners": owners,
            "checked": [checked for checked, _broken in counts],
            "broken": [broken for _checked, broken in counts],
        },
    )
