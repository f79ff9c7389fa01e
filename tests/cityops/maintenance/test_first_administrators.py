"""The first administrators of an instance in production."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from cityops.accounts.models import User
from cityops.accounts.roles import ADMINISTRATORS
from cityops.foundation.models import AuditEvent
from tests.factories.people import HANGZHOU, division, person

NAMES = {"system_admin": "xitong", "security_admin": "anquan", "audit_admin": "shenji"}


def begin(**changes) -> str:
    told = io.StringIO()
    call_command("first_administrators", **{**NAMES, **changes}, stdout=told)
    return told.getvalue()


@pytest.fixture(autouse=True)
def _divisions(db):
    division(HANGZHOU)


def test_three_people_with_one_role_each_must_choose_a_password_first(client):
    told = begin()
    people = {u.username: u for u in User.objects.all()}
    assert {name: [g.role.code for g in u.groups.all()] for name, u in people.items()} == {
        username: [role] for role, username in NAMES.items()
    }
    assert all(u.must_change_password and u.division_code == HANGZHOU for u in people.values())
    password = told.splitlines()[0].split(": ")[1]
    answer = client.post(reverse("sign-in"), {"username": "xitong", "password": password}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("password-change")
    created = AuditEvent.objects.filter(action="person.create", channel="command")
    assert {e.object_key: e.after["roles"] for e in created} == {name: [role] for role, name in NAMES.items()}
    assert password not in str(list(AuditEvent.objects.values()))


def test_passwords_may_be_given_and_are_not_printed(monkeypatch):
    given = ["Erste-Losung-2031", "Zweite-Losung-2032", "Dritte-Losung-2033"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(given) + "\n"))
    told = begin(stdin=True)
    assert not any(password in told for password in given)
    assert User.objects.get(username="shenji").check_password(given[2])


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_it_is_refused_where_there_is_an_administrator(role):
    person(role)
    with pytest.raises(CommandError, match="已经有管理员"):
        begin()
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"audit_admin": "XITONG"}, "三个人"), ({"audit_admin": "a b"}, "a b"), ({"audit_admin": "taken"}, "taken")],
)
def test_names_that_cannot_be_make_nobody(changes, told):
    person("leader", username="Taken")
    with pytest.raises(CommandError, match=told):
        begin(**changes)
    assert User.objects.count() == 1


def test_a_weak_password_makes_nobody(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Erste-Losung-2031\nshort\nDritte-Losung-2033\n"))
    with pytest.raises(CommandError):
        begin(stdin=True)
    assert not User.objects.exists()
