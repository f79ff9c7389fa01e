"""Who sees a signal, who answers, who reviews; pages and API."""

import json

import pytest
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from cityops.foundation.records import registry
from grid.signals.models import Signal, SignalSetting
from grid.signals.selectors.terms import terms_of
from grid.signals.services import reviewing
from tests.factories.people import NINGBO, api_token, bearer, organisation, person
from tests.grid.signals.conftest import case_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


def signal(**fields):
    now = timezone.now()
    good = {
        "kind": "far_photo", "key": f"k{Signal.objects.count()}", "division_code": "330102001001", "score": 60,
        "facts": {"metres": 900, "threshold": 500, "case": "3301"}, "window_from": now, "window_to": now,
        "found_at": now, "seen_at": now,
    }  # fmt: skip
    return Signal.objects.create(**{**good, **fields})


@pytest.fixture
def reviewer():
    return person("duty_leader")


class TestWhoSees:
    def test_reviewers_see_those_of_their_division(self, reviewer):
        one = signal()
        assert list(Signal.objects.visible_to(reviewer)) == [one]
        assert not Signal.objects.visible_to(person("duty_leader", division_code=NINGBO)).exists()
        assert not Signal.objects.visible_to(person("duty_leader", division_code="330106000000")).exists()

    def test_others_see_what_names_them(self):
        own, other = organisation("OWN"), organisation("OTHER")
        collector, crew = person("collector"), person("department", organisation=own)
        of_person, of_org = signal(person=collector), signal(org_code="OWN")
        signal(org_code=other.org_code), signal(person=person("collector"))
        assert list(Signal.objects.visible_to(collector)) == [of_person]
        assert list(Signal.objects.visible_to(crew)) == [of_org]
        assert not Signal.objects.visible_to(person("acceptor")).exists()

    @pytest.mark.parametrize("role", ["data_officer", "evaluator", "security_admin", "hotline"])
    def test_roles_that_are_never_named_have_no_page(self, client, role):
        client.force_login(person(role))
        assert client.get("/signals/").status_code == 403

    def test_a_person_is_a_number_for_reviewers_and_nobody_for_the_department(self, client, reviewer):
        named = person("collector", name="甲某")
        one = signal(kind="pair", person=named, org_code=organisation("OWN").org_code, facts={
            "checks": 90, "expected_failures": 9, "chance_per_10000": 1, "threshold": 10,
        })  # fmt: skip
        client.force_login(reviewer)
        shown = client.get(f"/signals/{one.pk}/").content.decode()
        assert f"操作员 {named.pk}" in shown
        assert "甲某" not in shown
        client.force_login(person("department", organisation=organisation("OTHER")))
        assert client.get(f"/signals/{one.pk}/").status_code == 404
        client.force_login(person("department", organisation=Organisation.objects.get(org_code="OWN")))
        shown = client.get(f"/signals/{one.pk}/").content.decode()
        assert "应有约 9 次不通过" in shown
        assert f"操作员 {named.pk}" not in shown


class TestAnswers:
    def test_the_named_one_answers_and_the_reviewer_reads_it(self, client, reviewer):
        named = person("collector")
        one = signal(person=named)
        client.force_login(named)
        assert client.post(f"/signals/{one.pk}/answer/", {"text": "定位漂移"}).status_code == 302
        assert client.post(f"/signals/{one.pk}/review/", {"state": "dismissed", "note": "x"}).status_code == 403
        client.force_login(reviewer)
        assert "定位漂移" in client.get(f"/signals/{one.pk}/").content.decode()

    def test_nobody_answers_for_others(self):
        one = signal(person=person("collector"))
        with pytest.raises(NotThere):
            reviewing.answer(person("collector"), one.pk, "不是我")
        with pytest.raises(NotAllowed):
            reviewing.answer(person("evaluator"), one.pk, "不是我")

    def test_an_answer_says_something_and_comes_before_the_review(self, reviewer):
        one = signal()
        with pytest.raises(InvalidInput):
            reviewing.answer(reviewer, one.pk, "  ")
        reviewing.review(reviewer, one.pk, state="explained", note="已核实")
        with pytest.raises(Refused):
            reviewing.answer(reviewer, one.pk, "再说明")


class TestReview:
    def test_a_review_is_audited_and_may_be_taken_back(self, reviewer):
        one = signal()
        done = reviewing.review(reviewer, one.pk, state="dismissed", note="误报：水面")
        assert (done.state, done.reviewed_by) == ("dismissed", reviewer)
        assert AuditEvent.objects.get(action="signal.review").reason == "误报：水面"
        with pytest.raises(Refused):
            reviewing.review(reviewer, one.pk, state="dismissed", note="再次")
        again = reviewing.review(reviewer, one.pk, state="open", note="重新看")
        assert (again.state, again.reviewed_by) == ("open", None)

    @pytest.mark.parametrize(("state", "note"), [("guilty", "x"), ("confirmed", " ")])
    def test_a_review_has_a_result_and_a_reason(self, reviewer, state, note):
        with pytest.raises(InvalidInput):
            reviewing.review(reviewer, signal().pk, state=state, note=note)

    def test_nobody_reviews_a_signal_about_oneself(self, reviewer):
        with pytest.raises(NotAllowed):
            reviewing.review(reviewer, signal(person=reviewer).pk, state="dismissed", note="x")

    def test_the_export_names_no_person(self, client, reviewer):
        named = person("collector", name="甲某")
        signal(person=named)
        client.force_login(reviewer)
        text = b"".join(client.get("/signals/?format=csv").streaming_content).decode()
        assert "照片远离案发地" in text
        assert "操作员" not in text
        assert "甲某" not in text
        client.force_login(named)
        assert client.get("/signals/?format=csv").status_code == 403


class TestSettings:
    def test_terms_are_versions(self):
        keeper = person("data_officer")
        values = {"metres": 800}
        row = reviewing.change_terms(keeper, "far_photo", is_on=True, window_days=7, values=values, note="郊区定位差")
        assert (row.version, row.changed_by) == (1, keeper.username)
        terms = terms_of("far_photo")
        assert (terms.version, terms.values["metres"], terms.window_days) == (1, 800, 7)
        with pytest.raises(Refused):
            reviewing.change_terms(keeper, "far_photo", is_on=True, window_days=7, values=values, note="同样")
        reviewing.change_terms(keeper, "far_photo", is_on=True, window_days=7, values={"metres": 900}, note="再放宽")
        assert SignalSetting.objects.filter(kind="far_photo").count() == 2

    @pytest.mark.parametrize("values", [{"metres": 1}, {"metres": 10**6}])
    def test_numbers_have_bounds(self, values):
        with pytest.raises(InvalidInput) as refused:
            reviewing.change_terms(
                person("data_officer"), "far_photo", is_on=True, window_days=3, values=values, note="x"
            )
        assert refused.value.facts["errors"][0]["field"] == "metres"

    def test_only_who_is_responsible_for_all_changes_them(self):
        for who in (person("duty_leader"), person("data_officer", division_code="330106000000")):
            with pytest.raises(NotAllowed):
                reviewing.change_terms(who, "pair", is_on=False, window_days=60, values={}, note="x")
        with pytest.raises(NotThere):
            reviewing.change_terms(person("data_officer"), "nothing", is_on=False, window_days=60, values={}, note="x")

    def test_the_pages_show_numbers_and_where_rates_come_from(self, client):
        client.force_login(person("data_officer"))
        shown = client.get("/signals/settings/").content.decode()
        assert shown.count("产品发布前在模拟城市上测得") == 7
        form = {"is_on": "on", "window_days": "5", "metres": "700", "note": "试"}
        assert client.post("/signals/settings/far_photo/", {**form, "metres": "1"}).status_code == 422
        assert client.post("/signals/settings/far_photo/", form).status_code == 302
        assert "第 1 版" in client.get("/signals/settings/far_photo/").content.decode()


class TestApi:
    def test_list_detail_answer_review(self, client):
        robot = person("duty_leader", is_integration=True)
        headers = bearer(api_token(robot))
        one = signal(case=case_at())
        lines = client.get("/api/v1/signals/?kind=far_photo", headers=headers).json()["results"]
        assert [line["id"] for line in lines] == [one.pk]
        assert "900" in lines[0]["seen"]
        assert "person" not in lines[0]

        def post(way, body):
            return client.post(
                f"/api/v1/signals/{one.pk}/{way}/", json.dumps(body), content_type="application/json", headers=headers
            )

        assert post("answer", {"text": "定位漂移"}).json()["answers"][0]["text"] == "定位漂移"
        assert post("review", {"state": "dismissed", "note": "漂移"}).json()["state"] == "dismissed"
        assert post("review", {"state": "dismissed", "note": "漂移"}).status_code == 409
        assert post("review", {"state": "no", "note": "x"}).status_code == 400


def test_signals_do_not_travel():
    assert not [kind.dataset for kind in registry if kind.model.__module__.startswith("grid.signals")]
