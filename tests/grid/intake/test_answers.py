"""Answers: made when a matter ends, for all who reported it, told once, and asked back."""

import pytest
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.intake.models import Answer
from grid.intake.selectors.answers import public_answer, visible_answers
from grid.intake.selectors.similar import similar_to
from grid.intake.services import answers
from grid.intake.tasks import catch_up_answers
from grid.models import Case
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import NINGBO, organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def acceptor():
    ground.ready_city()
    return person(("acceptor", "duty_leader"))


def case(source="02", **fields):
    return ground.stored_case(source=source, **{"reporter_type": "2", "class_code": ground.LITTER, **fields})


def ended(**fields):
    return case(state="80", close_type="1", closed_at=timezone.now(), **fields)


def test_closing_answers_the_reporter_and_all_who_were_joined(acceptor):
    main = ended()
    joined = case("03", state="91", merged_into=main.pk)
    further = case("10", state="91", merged_into=joined.pk)
    case("01", state="91", merged_into=main.pk), case("02")
    made = answers.prepare_answers(main.pk)
    assert {(one.case_id, one.channel) for one in made} == {
        (main.pk, "phone"), (joined.pk, "app"), (further.pk, "letter")
    }  # fmt: skip
    assert "问题已解决" in public_answer(joined)
    assert "测试城管局" not in public_answer(joined)
    assert answers.prepare_answers(main.pk) == []
    assert AuditEvent.objects.filter(action="answer.prepare").count() == 1


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"state": "50"}, 0),
        ({"state": "91"}, 0),
        ({"state": "31", "reject_reason": "03"}, 1),
        ({"state": "90"}, 1),
        ({"state": "80", "source": "01"}, 0),
        ({"state": "80", "source": "05"}, 0),
        ({"state": "80", "origin_code": "330200000000-C"}, 0),
    ],
)
def test_only_own_matters_that_ended_and_were_reported_by_somebody_are_answered(acceptor, fields, number):
    assert len(answers.prepare_answers(case(**fields).pk)) == number


@pytest.mark.django_db(transaction=True)
def test_rejecting_a_report_makes_its_answer_after_the_commit():
    ground.ready_city()
    one = case()
    act(person("acceptor"), one, "reject", reason="01", opinion="不属城管")
    assert "不属于城市管理范围" in Answer.objects.get(case=one).text
    assert "不属城管" not in Answer.objects.get(case=one).text


@pytest.mark.django_db(transaction=True)
def test_a_joined_report_is_answered_when_the_main_case_ends():
    ground.ready_city()
    user = person("acceptor")
    main, second = case(), case("03")
    assert similar_to(user, second)[0].case == main
    act(user, second, "merge", main_case=main.case_no)
    assert not Answer.objects.exists()
    act(user, main, "reject", reason="04", opinion="现场已清理")
    assert set(Answer.objects.values_list("case", flat=True)) == {main.pk, second.pk}


def test_answers_that_were_missed_are_made_up_once(acceptor):
    one, old = ended(), ended()
    Case.objects.filter(pk=old.pk).update(closed_at="2020-01-01T00:00Z")
    ended(is_simulated=True)
    catch_up_answers()
    assert [answer.case for answer in Answer.objects.all()] == [one]
    assert answers.catch_up() == 0


def made(**fields):
    return answers.prepare_answers(ended(**fields).pk)[0]


def test_a_reporter_is_reached_at_the_second_call_and_only_once(acceptor):
    one, seat = made(), person("hotline")
    answers.tell_answer(seat, one.pk, reached=False, note="无人接听")
    told = answers.tell_answer(seat, one.pk, reached=True, text="已处理好了")
    assert (told.state, told.attempts, told.told_by, told.text) == ("sent", 2, seat.pk, "已处理好了")
    assert answers.tell_answer(seat, one.pk, reached=True).attempts == 2
    with pytest.raises(Refused):
        answers.tell_answer(seat, one.pk, reached=False)


def test_a_return_visit_follows_the_answer_and_marks_the_case(acceptor):
    one, seat = made(), person("hotline")
    with pytest.raises(Refused):
        answers.record_visit(seat, one.pk, satisfaction="5")
    answers.tell_answer(seat, one.pk, reached=True)
    with pytest.raises(InvalidInput):
        answers.record_visit(seat, one.pk, satisfaction="6")
    answers.record_visit(seat, one.pk, satisfaction="4", note="处理得快")
    assert Answer.objects.get().satisfaction == "4"
    assert Case.objects.get().satisfaction == "4"


def test_others_regions_and_roles_do_not_answer(acceptor):
    one = made()
    with pytest.raises(NotAllowed):
        answers.tell_answer(person("collector"), one.pk, reached=True)
    with pytest.raises(NotThere):
        answers.tell_answer(person("hotline", division_code=NINGBO), one.pk, reached=True)
    with pytest.raises(InvalidInput):
        answers.tell_answer(person("hotline"), one.pk, reached=True, note="x" * 201)
    assert not visible_answers(person("hotline", division_code=NINGBO)).exists()
    assert Answer.objects.get().state == "waiting"


def test_the_pages_show_tell_and_ask_back(acceptor, client):
    one = made()
    client.force_login(person("hotline"))
    assert one.text in client.get("/intake/answers/?state=waiting").content.decode()
    assert one.text not in client.get("/intake/answers/?state=sent").content.decode()
    page = f"/intake/answers/{one.pk}/"
    assert 'name="reached"' in client.get(page).content.decode()
    assert "已记为答复" in client.post(f"{page}tell/", {"reached": "1", "text": one.text}, follow=True).content.decode()
    assert "回访已记录" in client.post(f"{page}visit/", {"satisfaction": "5"}, follow=True).content.decode()
    assert "非常满意" in client.get("/intake/answers/").content.decode()
    assert client.get("/intake/answers/?format=csv").status_code == 200


def test_similar_cases_on_the_page_of_a_case_are_joined_by_a_button(acceptor, client):
    main, second, other = case(), case(), case(class_code="06011")
    client.force_login(acceptor)
    assert f"/intake/similar/{second.case_no}/" in client.get(f"/cases/{second.case_no}/").content.decode()
    part = client.get(f"/intake/similar/{second.case_no}/").content.decode()
    assert f'name="main_case" value="{main.case_no}"' in part
    assert part.count('data-key="m"') == 1
    assert f'value="{other.case_no}"' not in part
    answer = client.post(f"/desk/{second.case_no}/merge/", {"main_case": main.case_no, "version": 1})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert (second.state, second.merged_into) == ("91", main.pk)
    client.force_login(person("dispatcher"))
    assert "data-key" not in client.get(f"/intake/similar/{main.case_no}/").content.decode()


def test_the_dispatch_form_chooses_the_first_suggestion_and_says_why(acceptor, client):
    from grid.intake.models import DutyRule

    organisation("HW", name="环卫所")
    organisation("AA", name="甲单位")
    DutyRule.objects.create(class_code="06", org_code="HW", valid_from="2026-01-01")
    one = case(state="40")
    client.force_login(person("dispatcher"))
    page = client.get(f"/cases/{one.case_no}/").content.decode()
    assert '<option value="HW" selected>' in page
    assert "建议：环卫所（责任表：大类 06 · 全市）" in page
