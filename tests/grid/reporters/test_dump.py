"""A dump of the database holds nobody who reported (security marks A17)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from grid.reporters.services.contacts import answer_contact, ask_contact
from grid.reporters.services.opening import find_by_phone, open_reporter
from grid.services.reporting_hooks import keep_reporter
from tests.factories import grid as ground
from tests.factories.people import person
from tests.grid.reporters.conftest import ADDRESS, EMAIL, NAME, PHONE


def dumped() -> str:
    """The whole database as SQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
    program = str(found[-1]) if found else shutil.which("pg_dump")
    assert program, "pg_dump comes with the PostgreSQL that the tests run on"
    facts = connection.get_connection_params()
    where = [f"--host={facts['host']}", f"--port={facts.get('port', 5432)}", f"--username={facts['user']}"]
    environment = {**os.environ, "PGPASSWORD": facts.get("password", "")}
    done = subprocess.run([program, *where, facts["dbname"]], capture_output=True, check=True, env=environment)
    return done.stdout.decode()


@pytest.mark.django_db(transaction=True)
def test_a_dump_holds_neither_name_nor_number_in_any_writing():
    ground.ready_city()
    case = ground.registered(source="02", reporter_type="2", reporter=PHONE)
    keep_reporter(case.rid, name=NAME, phone=PHONE, email=EMAIL, address=ADDRESS)
    acceptor, leader = person("acceptor"), person(("dispatcher", "duty_leader"))
    assert open_reporter(acceptor, case.case_no, reason="回访").phone == PHONE
    assert find_by_phone(acceptor, PHONE) == [case]
    answer_contact(acceptor, ask_contact(leader, case.case_no, question="楼层").pk, answer="三楼")
    text = dumped()
    assert case.case_no in text
    assert "三楼" in text
    for secret in (NAME, PHONE, EMAIL, ADDRESS):
        assert text.count(secret) == 0
        assert text.count(secret.encode().hex()) == 0
