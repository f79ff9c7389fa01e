"""Running the quality rules: one statement for each rule, over all nodes at once; in slices that go on where one ended.

A *whole* run looks at every record. A run over *changes* looks at what arrived since the last one, with the rules that
judge each record by itself; which records those are is told by the numbers of the streams, not by a clock.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.locks import hold
from sync.aggregation.models import LookedAt, QualityRun
from sync.aggregation.rules.rulebook import Rule
from sync.aggregation.rules.sql import RuleFault
from sync.aggregation.selectors import sources
from sync.aggregation.selectors.ruleset import rules
from sync.aggregation.services import scoring
from sync.aggregation.services.judging import Job, judge, prepare
from sync.exchange.models import Stream

SLICE_SECONDS = 15
"""How long a slice begins new rules; one that has begun is finished."""
RULE_SECONDS = 300
"""The longest that one rule may take; one that takes longer is named as a fault of the run."""
AT_ONCE = 50_000
"""The most records that a run over changes looks at; what is left comes with the next."""
Until = Callable[[], bool]


def deadline(seconds: float) -> Until:
    """A function that says whether so many seconds have passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@transaction.atomic
def begin(datasets: Sequence[str] = ()) -> QualityRun:
    """Begin a whole run, of some datasets or of all; a run that is under way is given back instead."""
    hold("quality runs")
    under_way = QualityRun.objects.filter(state=QualityRun.State.RUNNING).first()
    if under_way is not None:
        return under_way
    wanted = [rule.code for rule in rules().values() if rule.is_active and (not datasets or rule.dataset in datasets)]
    run = QualityRun.objects.create(
        kind=QualityRun.Kind.WHOLE, datasets=sorted(datasets), todo=wanted, started_by=current_actor().name[:150]
    )
    audit.record("quality.run", kind="QualityRun", key=run.pk, after={"datasets": run.datasets, "rules": len(wanted)})
    return run


def carry_on(until: Until | None = None) -> QualityRun | None:
    """Go on with the run under way until ``until`` says so; gives it back, or None where there is none."""
    is_over = until or deadline(SLICE_SECONDS)
    run = None
    while True:
        with transaction.atomic():
            run = _under_way() or run
            if run is None or not run.todo:
                break
            _one_rule(run)
        if is_over():
            return run
    if run is not None and run.state == QualityRun.State.RUNNING:
        _finish(run)
    return run


def _under_way() -> QualityRun | None:
    """The run under way, locked; none where another process is at it."""
    rows = QualityRun.objects.select_for_update(skip_locked=True).filter(state=QualityRun.State.RUNNING)
    return rows.first()


def _one_rule(run: QualityRun) -> None:
    """The next rule of a run, in its transaction."""
    code = run.todo[0]
    run.todo = run.todo[1:]
    rule = rules().get(code)
    if rule is not None:
        with connection.cursor() as cursor:
            _bounded(cursor)
            job = Job(sources.finder(), sources.owners(), run.totals)
            _try(cursor, rule, job, run)
            run.totals = job.totals
    run.save()


def _bounded(cursor: CursorWrapper) -> None:
    """A bound on what a rule may take, for this transaction."""
    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(RULE_SECONDS * 1000)])


def _try(cursor: CursorWrapper, rule: Rule, job: Job, run: QualityRun) -> None:
    """Run a rule; one that cannot be is named, and the others go on."""
    try:
        with transaction.atomic():
            judge(cursor, rule, job)
    except (RuleFault, DatabaseError) as error:
        run.faults = {**run.faults, rule.code: str(error).strip().splitlines()[0][:300]}
    run.statements += job.taken()


@transaction.atomic
def _finish(run: QualityRun) -> None:
    scoring.drop_results(rules())
    scoring.score_day(timezone.localdate())
    run.state, run.finished_at = QualityRun.State.DONE, timezone.now()
    run.save(update_fields=["state", "finished_at"])


@transaction.atomic
def look_at_changes() -> QualityRun | None:
    """Look at what arrived since the last time; the run, or None where nothing did or another process is at it."""
    if not _alone():
        return None
    with connection.cursor() as cursor:
        _bounded(cursor)
        if not _gather(cursor):
            return None
        run = QualityRun(kind=QualityRun.Kind.CHANGES, state=QualityRun.State.DONE, started_by=current_actor().name)
        job = Job(sources.finder(), sources.owners(), {}, changes=True)
        for rule in rules().values():
            if rule.is_active and prepare(rule, job).by_record:
                _try(cursor, rule, job, run)
        scoring.recount(cursor)
    scoring.score_day(timezone.localdate())
    run.finished_at = timezone.now()
    run.save()
    return run


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('quality changes', 0))")
        return bool(cursor.fetchone()[0])


def _gather(cursor: CursorWrapper) -> int:
    """Put the records that arrived since the last time into a table of this transaction. Returns how many.

    A cursor moves in the transaction that stores the rows, so what lies up to it is all there.
    """
    cursor.execute("CREATE TEMP TABLE IF NOT EXISTS aggregation_changed (rid uuid PRIMARY KEY) ON COMMIT DELETE ROWS")
    known = {row.stream_id: row for row in LookedAt.objects.all()}
    left, found = AT_ONCE, 0
    for stream in Stream.objects.filter(flow="up").exclude(producer_code=settings.CITYOPS_NODE).order_by("pk"):
        row = known.get(stream.pk)
        after = row.seq if row is not None and row.epoch_no == stream.epoch_no else 0
        upto = min(stream.seq, after + left)
        if upto <= after:
            continue
        cursor.execute(
            "INSERT INTO aggregation_changed SELECT DISTINCT rid FROM sync_inbox WHERE stream_id = %s "
            "AND epoch_no = %s AND seq > %s AND seq <= %s ON CONFLICT DO NOTHING",
            [stream.pk, stream.epoch_no, after, upto],
        )
        found += cursor.rowcount
        left -= upto - after
        LookedAt.objects.update_or_create(stream=stream, defaults={"epoch_no": stream.epoch_no, "seq": upto})
    return found


def run_whole(datasets: Iterable[str] = ()) -> QualityRun:
    """A whole run from beginning to end, as the command does it."""
    run = begin(tuple(datasets))
    while run.state == QualityRun.State.RUNNING:
        found: Any = carry_on(lambda: False)
        if found is None:
            run.refresh_from_db()
            continue
        run = found
    return run
