"""Lists, desks and first pages of a city with 200,000 cases read what they show, not the whole table."""

import datetime as dt
import itertools
import json
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grid.desks.rules.desks import DESKS
from grid.desks.selectors.queues import asked_of, branch_cases
from grid.models import Case
from grid.rules.codes import CURRENT
from grid.selectors.cases import desk_counts, nearby_cases, waiting_cases
from tests.factories import grid as ground
from tests.factories.people import organisation, person

pytestmark = pytest.mark.django_db
CASES = 200_000
DAYS = 1_000
WORKERS = 40
GIVEN = f"""
rid, origin_code, case_no, task_no, kind, std_ref, matter_code, class_code, matter_name, ext_class, dept_code1,
dept_name1, component_id, source, source_no, description, address, geom, grid_code, division_code, reporter_type,
reporter_id, reported_at, accepted_at, filed_at, dispatched_at, duty_org, reject_reason, filing_condition,
deadline_class, limit_unit, dispose_deadline, close_deadline, closed_at, close_type, state, rework_count, return_count,
postpone_count, is_hung, is_void, urgency, is_supervised, satisfaction, is_simulated, stage_due_at, stage_warn_at,
updated_at, version
) SELECT
gen_random_uuid(), %(node)s, '330100' || to_char(at, 'YYYYMMDD') || lpad(n::text, 10, '0'), '', '2', '{CURRENT}', '',
lpad((6 + n %% 5)::text, 2, '0') || lpad((n %% 9)::text, 3, '0'), '事项', '', '', '', '', '01', '', '路口有暴露垃圾',
'测试路' || n || '号',
ST_SetSRID(ST_MakePoint(120 + random() * 0.4, 30 + random() * 0.4), 4490),
'330102001001' || lpad((n %% 500)::text, 3, '0'), '3301' || lpad((n %% 13)::text, 2, '0') || '001001', '1', '', at, at,
at, at, 'CZ' || lpad((n %% {WORKERS})::text, 4, '0'), '', '', '', '', at + interval '1 day', at + interval '25 hours',
CASE WHEN is_open THEN NULL ELSE at + interval '9 hours' END, '',
CASE WHEN is_open THEN (ARRAY['10', '30', '40', '41', '45', '50', '60', '61', '70'])[1 + n %% 9] ELSE '80' END,
0, 0, 0, '0', '0', '3', '0', '', false, at + interval '1 day', at + interval '20 hours', at, 5
FROM (
    SELECT n, %(now)s::timestamptz - interval '1 day' * {DAYS} * n / {CASES} AS at, n < 3000 AND n %% 3 = 0 AS is_open
    FROM generate_series(1, {CASES}) AS n
) AS drawn
"""
PAGES = [
    "/",
    "/wall/",
    "/cases/",
    "/cases/?page=3",
    "/cases/?view=today",
    "/cases/?view=waiting",
    "/cases/?view=open&order=due",
    "/cases/?view=red",
    "/cases/?state=50&light=red",
    "/cases/?q=3301002026112",
    "/cases/?class_code=06001",
    "/cases/?grid_code=330102001001017",
    "/cases/?duty_org=CZ0007",
    "/cases/?division=330105",
    "/api/v1/cases/",
    "/api/v1/cases/?situation=overdue",
    "/api/v1/cases/?order=due",
    "/api/v1/cases/?order=changed",
    "/api/v1/cases/?order=oldest",
    "/api/v1/cases/?state=45",
    "/api/v1/cases/?duty_org=CZ0007",
    "/api/v1/cases/?class_code=06001",
    "/api/v1/cases/?division=330105",
    "/api/v1/cases/?reported_from=2026-11-20",
    "/api/v1/cases/?updated_since={yesterday}",
]


DESK_PAGES = ["/", "/cases/", "/cases/?view=waiting", "/api/v1/cases/", "/api/v1/cases/?situation=overdue"]
ALL_COUNTED = re.compile(
    r'SELECT COUNT\(\*\) FROM \(SELECT "grid_case"."rid" AS "\w+" FROM "grid_case" '
    r'WHERE "grid_case"."division_code"::text LIKE \S+ LIMIT \d+\) subquery$'
)
"""The list without any filter counts all cases, up to a number that is far more than are here."""


@pytest.fixture
def big_city(settings):
    """A city whose cases fill some thousand pages of the table, written without marks and indexed afterwards."""
    ground.ready_city()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "WHERE i.indrelid = 'grid_case'::regclass AND NOT i.indisunique"
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        now = timezone.now()
        cursor.execute(f"INSERT INTO {Case._meta.db_table} ({GIVEN}", {"node": settings.CITYOPS_NODE, "now": now})
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute("ANALYZE grid_case")


def steps(plan):
    """A plan with all plans in it."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from steps(part)


KINDS = {str: "text", int: "integer", dt.datetime: "timestamptz", uuid.UUID: "uuid"}


def plan_for_any_value(rows):
    """How a question is planned once for all values of its parameters, as the server does after a few of them."""
    sql, values = rows.query.sql_with_params()
    numbers = iter(range(1, len(values) + 1))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        kinds = ", ".join(KINDS[type(value)] for value in values)
        cursor.execute(f"PREPARE asked ({kinds}) AS {re.sub('%s', lambda _: f'${next(numbers)}', sql)}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE asked ({', '.join(['NULL'] * len(values))})")
        plan = cursor.fetchone()[0]
        cursor.execute("DEALLOCATE asked")
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def test_queues_and_their_counts_are_read_from_indexes_whatever_is_asked(big_city):
    """Also where nothing is found: no case of this city waits for a decision or is supervised."""
    leader = person(("duty_leader", "dispatcher", "acceptor", "leader"))
    worker = person("department", organisation=organisation("CZ0007"))
    wrong = []
    for user, desk in itertools.product((leader, worker), DESKS.values()):
        for tab in desk.tabs:
            for branch in tab.branches:
                rows = branch_cases(asked_of(user, desk, {"tab": tab.key}), branch)
                for asked in (rows.most_pressing_first().values("pk")[:100], rows.most_pressing_first()[:41]):
                    names = [part.get("Index Name") or part["Node Type"] for part in steps(plan_for_any_value(asked))]
                    if "Seq Scan" in names:
                        wrong.append((user.username, desk.key, tab.key, names))
    assert wrong == []


def reads_all(queries):
    """Of the questions about cases those that read the whole table."""
    asked = [q["sql"] for q in queries if q["sql"].lstrip().startswith(("SELECT", "WITH")) and "grid_case" in q["sql"]]
    assert asked
    found = []
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), [])
            plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        if not ALL_COUNTED.match(sql) and any(
            part["Node Type"] == "Seq Scan" and part["Relation Name"] == "grid_case" for part in steps(plan[0]["Plan"])
        ):
            found.append(sql)
    return found


def test_first_pages_lists_and_desks_read_no_whole_table(big_city, client):
    leader = person(("duty_leader", "dispatcher", "acceptor"))
    worker = person("department", organisation=organisation("CZ0007"))
    yesterday = (timezone.now() - dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wrong = {}
    for user, pages in ((leader, PAGES), (worker, DESK_PAGES)):
        client.force_login(user)
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(page.format(yesterday=yesterday))
            assert answer.status_code == 200, page
            wrong[user.username, page] = reads_all(queries)
        with CaptureQueriesContext(connection) as queries:
            desk_counts(user)
            list(waiting_cases(user)[:20])
            nearby_cases(user, 120.005, 30.005, class_code=ground.LITTER)
        wrong[user.username, "selectors"] = reads_all(queries)
    assert {asked: found for asked, found in wrong.items() if found} == {}
