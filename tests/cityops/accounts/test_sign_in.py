"""Signing in and out, lock-out, the limits of a session, the own password."""

import datetime as dt
import time

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.utils import timezone

from cityops.accounts.models import User
from cityops.accounts.rules.sessions import BEGAN, SEEN
from cityops.accounts.services import attempts, people
from cityops.foundation.models import AuditEvent
from tests.factories.people import PASSWORD, person

pytestmark = pytest.mark.django_db
NEW = "Trams-Run-On-Time-7"


def sign_in(client, user, password=PASSWORD, **more):
    return client.post("/sign-in/", {"username": user.username, "password": password, **more})


@pytest.fixture
def user(client):
    return person("duty_leader")


def test_right_password_leads_home_and_is_audited(client, user):
    response = sign_in(client, user)
    assert (response.status_code, response.url) == (302, "/")
    event = AuditEvent.objects.get(action="session.sign_in")
    assert (event.user_id, event.object_key, event.succeeded, event.address) == (
        user.pk,
        user.username,
        True,
        "127.0.0.1",
    )


def test_after_signing_in_the_wanted_page_comes_but_never_another_site(client, user):
    assert sign_in(client, user, next="/account/password/").url == "/account/password/"
    client.post("/sign-out/")
    assert sign_in(client, user, next="https://elsewhere.example/").url == "/"


def test_a_wrong_password_says_nothing_about_the_name(client, user):
    known = sign_in(client, user, "wrong")
    unknown = client.post("/sign-in/", {"username": "nobody-here", "password": "wrong"})
    assert list(known.context["form"].errors["__all__"]) == list(unknown.context["form"].errors["__all__"])
    events = AuditEvent.objects.filter(action="session.sign_in", succeeded=False)
    assert {event.object_key for event in events} == {user.username, "nobody-here"}
    assert "wrong" not in str(list(events.values()))


def test_the_sixth_try_is_locked_even_with_the_right_password(client, user):
    for _ in range(5):
        response = sign_in(client, user, "wrong")
    assert response.status_code == 429
    response = sign_in(client, user)
    assert response.status_code == 429
    assert "Retry-After" in response.headers
    assert "登录已锁定" in response.content.decode()
    assert AuditEvent.objects.filter(action="session.lock", object_key=user.username).exists()


def away(number):
    """An address of its own for each try."""
    return {"REMOTE_ADDR": f"198.51.{number // 200}.{number % 200 + 1}"}


def test_a_name_tried_from_everywhere_waits_but_not_where_its_owner_works(client, user):
    right = {"username": user.username, "password": PASSWORD}
    client.post("/sign-in/", right, **away(300))
    client.post("/sign-out/")
    for number in range(attempts.MOST_BY_NAME):
        client.post("/sign-in/", {"username": user.username, "password": "wrong"}, **away(number))
    for written in (user.username, f" {user.username.upper()}"):
        answer = client.post("/sign-in/", {**right, "username": written}, **away(400))
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
    assert client.post("/sign-in/", right, **away(300)).status_code == 302


def test_a_name_that_waits_takes_a_try_after_some_minutes(client, user, monkeypatch):
    monkeypatch.setattr(attempts, "NAME_WAITS_SECONDS", 1)
    for number in range(attempts.MOST_BY_NAME):
        attempts.note_failure(away(number)["REMOTE_ADDR"], user.username)
    assert sign_in(client, user).status_code == 429
    time.sleep(1.1)
    assert sign_in(client, user).status_code == 302


def test_another_person_at_the_same_address_is_not_locked(client, user):
    for _ in range(5):
        sign_in(client, user, "wrong")
    assert sign_in(client, person("acceptor")).status_code == 302


def test_integrations_and_disabled_people_cannot_sign_in(client):
    assert sign_in(client, person("data_officer", is_integration=True)).status_code == 200
    assert sign_in(client, person("acceptor", is_active=False)).status_code == 200
    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session_and_is_audited(client, user):
    sign_in(client, user)
    client.post("/sign-out/")
    assert client.get("/").status_code == 302
    assert AuditEvent.objects.filter(action="session.sign_out", user_id=user.pk).exists()


def test_signing_out_by_a_link_is_refused(client, user):
    sign_in(client, user)
    answer = client.get("/sign-out/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "不支持的访问方式" in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "seconds"),
    [(SEEN, settings.CITYOPS_SESSION_IDLE_SECONDS), (BEGAN, settings.SESSION_COOKIE_AGE)],
    ids=["idle", "absolute"],
)
def test_a_session_ends_at_its_limit(client, user, key, seconds):
    sign_in(client, user)
    session = client.session
    session[key] = int(timezone.now().timestamp()) - seconds + 30
    session.save()
    assert client.get("/").status_code == 200
    session = client.session
    session[key] = int(timezone.now().timestamp()) - seconds
    session.save()
    assert client.get("/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_working_keeps_a_session_awake(client, user):
    sign_in(client, user)
    session = client.session
    session[SEEN] = int(timezone.now().timestamp()) - 600
    session.save()
    client.get("/")
    assert client.session[SEEN] >= int(timezone.now().timestamp()) - 5


def left_alone(client, seconds):
    session = client.session
    session[SEEN] = int(timezone.now().timestamp()) - seconds
    session.save()
    return session[SEEN]


@pytest.mark.parametrize("asked", [{"headers": {"X-CityOps-Refresh": "1"}}, {"data": {"refresh": "1"}}])
def test_a_page_that_refreshes_itself_keeps_no_session_awake(client, user, asked):
    sign_in(client, user)
    seen = left_alone(client, settings.CITYOPS_SESSION_IDLE_SECONDS - 30)
    assert client.get("/", **asked).status_code == 200
    assert client.session[SEEN] == seen
    left_alone(client, settings.CITYOPS_SESSION_IDLE_SECONDS)
    assert client.get("/", **asked).status_code == 302
    assert "_auth_user_id" not in client.session


def test_the_wall_goes_on_where_nobody_touches_it_and_nothing_else_does(client, user):
    sign_in(client, user)
    seen = left_alone(client, settings.CITYOPS_SESSION_IDLE_SECONDS * 2)
    assert client.get("/wall/?refresh=1").status_code == 200
    assert client.get("/tiles/divisions/5/26/13.mvt", headers={"X-CityOps-Refresh": "1"}).status_code in (200, 204)
    assert client.session[SEEN] == seen
    assert client.get("/cases/?refresh=1").status_code == 302
    assert client.get("/wall/?refresh=1").status_code == 302


def test_a_person_who_opens_the_wall_after_the_limit_signs_in_again(client, user):
    sign_in(client, user)
    left_alone(client, settings.CITYOPS_SESSION_IDLE_SECONDS)
    assert client.get("/wall/").status_code == 302


def test_a_disabled_person_is_out_at_the_next_request(client, user):
    sign_in(client, user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "fields",
    [{"must_change_password": True}, {"password_changed_at": timezone.now() - dt.timedelta(days=91)}],
    ids=["given by an administrator", "expired"],
)
def test_a_password_that_is_due_is_changed_before_anything_else(client, user, fields):
    User.objects.filter(pk=user.pk).update(**fields)
    sign_in(client, user)
    assert client.get("/").url == "/account/password/"
    response = client.post(
        "/account/password/", {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}, follow=True
    )
    assert response.redirect_chain == [("/", 302)]
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert not user.must_change_password
    assert AuditEvent.objects.filter(action="person.password", object_key=user.username).exists()


@pytest.mark.parametrize(
    ("password", "accepted"),
    [
        (NEW, True),
        ("Sh0rt-pass", False),
        ("onlylowercaseletters", False),
        ("lower-and-symbols-only", False),
        ("Chengguan2026!", False),
        ("Password1234!", False),
        ("Hangzhou2026!", False),
        ("Qwerty123456!", False),
        (PASSWORD, False),
    ],
)
def test_which_passwords_are_accepted(client, user, password, accepted):
    sign_in(client, user)
    response = client.post(
        "/account/password/", {"old_password": PASSWORD, "new_password": password, "repeated": password}
    )
    assert response.status_code == (302 if accepted else 400)
    user.refresh_from_db()
    assert user.check_password(password) == (accepted or password == PASSWORD)


def test_guessing_the_present_password_is_counted_audited_and_ends_the_session(client, user):
    sign_in(client, user)
    guess = {"old_password": "Guessed-Wrong-1", "new_password": NEW, "repeated": NEW}
    for _ in range(4):
        assert client.post("/account/password/", guess).status_code == 400
    assert client.get("/").status_code == 200
    assert client.post("/account/password/", guess).status_code == 429
    assert client.get("/").status_code == 302
    assert sign_in(client, user).status_code == 429
    failed = AuditEvent.objects.filter(action="person.password", succeeded=False)
    assert {(event.user_id, event.object_key) for event in failed} == {(user.pk, user.username)}
    assert failed.count() == 5
    kept = str(list(AccessAttempt.objects.values())) + str(list(AuditEvent.objects.values()))
    assert "Guessed" not in kept
    assert NEW not in kept


def test_the_latest_five_passwords_are_not_chosen_again(client, user):
    from cityops.accounts.services.own import set_password
    from cityops.foundation.errors import InvalidInput

    chosen = [f"{NEW}-{number}" for number in range(6)]
    for password in chosen:
        set_password(user, password, by_owner=True)
    for password in chosen[1:]:
        with pytest.raises(InvalidInput):
            set_password(user, password, by_owner=True)
    set_password(user, chosen[0], by_owner=True)


def test_changing_the_password_ends_the_other_sessions(client, user):
    other = Client()
    sign_in(client, user)
    sign_in(other, user)
    client.post("/account/password/", {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW})
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_a_session_lasts_a_working_day():
    assert settings.SESSION_COOKIE_AGE == 8 * 3600


@pytest.mark.parametrize(
    ("role", "other_stays"),
    [("system_admin", False), ("security_admin", False), ("audit_admin", False), ("duty_leader", True)],
)
def test_an_administrator_has_one_session_only(client, role, other_stays):
    one, other = person(role), Client()
    sign_in(other, one)
    assert other.get("/").status_code == 200
    sign_in(client, one)
    assert client.get("/").status_code == 200
    assert (other.get("/").status_code == 200) is other_stays
    assert client.get("/").status_code == 200


def test_an_administrator_keeps_the_session_in_which_the_password_is_changed(client):
    one = person("system_admin")
    sign_in(client, one)
    client.post("/account/password/", {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW})
    assert client.get("/").status_code == 200


def test_sessions_that_an_administrator_ended_are_out_at_the_next_request(client, user):
    sign_in(client, user)
    people.end_sessions(person("system_admin"), user, reason="设备遗失")
    answer = client.get("/", follow=True)
    assert "这次登录已被结束" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.get(action="person.end_sessions").reason == "设备遗失"
    sign_in(client, user)
    assert client.get("/").status_code == 200


def test_the_own_account_is_shown_to_everybody(client, user):
    sign_in(client, user, "wrong")
    sign_in(client, user)
    page = client.get("/account/")
    text = page.content.decode()
    for wanted in (user.username, user.division_code, "值班长", 'href="/account/password/"', "127.0.0.1", "失败"):
        assert wanted in text
    assert [event.succeeded for event in page.context["sign_ins"]] == [True, False]
    assert 'href="/account/"' in client.get("/").content.decode()


def test_one_ends_the_own_other_sessions(client, user):
    other = Client()
    sign_in(client, user)
    sign_in(other, user)
    assert client.post("/account/sessions/").url == "/account/"
    assert client.get("/account/").status_code == 200
    assert other.get("/").status_code == 302
    assert AuditEvent.objects.get(action="person.end_sessions").user_id == user.pk


def test_the_language_is_kept_with_the_person(client, user):
    sign_in(client, user)
    client.post("/account/language/", {"language": "en"})
    user.refresh_from_db()
    assert user.language == "en"
    client.cookies.clear()
    assert sign_in(client, user).cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


def test_a_language_that_is_not_offered_is_not_kept(client, user):
    sign_in(client, user)
    client.post("/account/language/", {"language": "xx"})
    user.refresh_from_db()
    assert user.language == ""


def test_where_people_work_passwords_are_stored_with_argon2():
    from cityops.settings import base

    assert base.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_an_address_that_tries_one_password_with_every_name_must_wait(client, db):
    user = person()
    for number in range(attempts.MOST_FAILURES):
        client.post("/sign-in/", {"username": f"name-{number}", "password": "Sommer-2031-Linz"})
    before = AuditEvent.objects.count()
    told = {"username": user.username, "password": PASSWORD}
    answer = client.post("/sign-in/", told)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert AuditEvent.objects.count() == before
    assert client.post("/sign-in/", told, REMOTE_ADDR="203.0.113.7").status_code == 302
