"""What holds for the whole instance is changed by who is responsible for all of it, not for a part."""

import datetime as dt

import pytest
from django.urls import reverse

from cityops.accounts.models import Role
from cityops.accounts.services import roles
from cityops.foundation.errors import InvalidInput, NotAllowed
from cityops.foundation.models import AuditEvent
from grid.intake.models import DutyRule, SimilaritySetting, SourceRule
from grid.intake.services import duties
from grid.intake.services import settings as intake
from grid.models import CalendarDay, WorkingPeriod
from grid.services import calendar
from sync.exchange.models import Link
from sync.exchange.services import ending, links
from sync.standard.models import DisposalRule
from sync.standard.services.editing import edit_rule
from tests.permissions.visits import body_of, entered
from tests.permissions.world import DISTRICT, HERE, all_powerful

DAY = dt.date(2026, 12, 25)
PARENT, CHILD = "330000000000-P", f"{DISTRICT}-C"


@pytest.fixture
def letter():
    return "m"


@pytest.fixture
def of_a_district(world):
    return all_powerful(DISTRICT)


@pytest.fixture
def of_the_city(world):
    return all_powerful(HERE["m"])


def link(peer, **fields):
    role = Link.Role.PARENT if peer == PARENT else Link.Role.CHILD
    return Link.objects.update_or_create(peer_code=peer, defaults={"role": role, "state": "live", **fields})[0]


ACTS = {
    "make a role": lambda one: roles.create_role(one, "mine", "我的", "municipal", reason="r"),
    "change a role": lambda one: roles.set_permissions(one, Role.objects.get(code="hotline"), [], reason="r"),
    "change a day": lambda one: calendar.set_day(one, DAY, is_workday=False),
    "take a day back": lambda one: calendar.reset_day(one, DAY),
    "change the hours": lambda one: calendar.set_hours(one, DAY, [(dt.time(8), dt.time(12))]),
    "change a rule": lambda one: edit_rule(
        one, rule=DisposalRule.objects.first(), changes={"level": "urgent"}, reason="r"
    ),
    "thaw the link upward": lambda one: links.thaw(one, link(PARENT, state="frozen"), reason="r"),
    "suspend the link upward": lambda one: ending.suspend_link(one, link(PARENT), reason="r"),
    "retire the link upward": lambda one: ending.retire_link(one, link(PARENT), reason="r"),
    "change the rule of a source": lambda one: intake.change_source(one, "02", {"needs_photo": True}),
    "take the rule of a source back": lambda one: intake.reset_source(one, "02"),
    "change how near is similar": lambda one: intake.change_reach(one, metres=9, hours=9, with_confusable=False),
    "change the duty table": lambda one: duties.delete_duty(one, DutyRule.objects.get().pk, reason="r"),
    "compare with the parent": lambda one: links.ask_comparison(one, link(PARENT)),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_who_is_responsible_for_a_district_is_refused_and_nothing_changes(act, of_a_district):
    entries = AuditEvent.objects.count()
    with pytest.raises(NotAllowed):
        act(of_a_district)
    assert AuditEvent.objects.count() == entries
    assert not Role.objects.filter(code="mine").exists()
    assert Role.objects.get(code="hotline").permissions.exists()
    assert not CalendarDay.objects.filter(day=DAY).exists()
    assert not WorkingPeriod.objects.filter(valid_from=DAY).exists()
    assert not DisposalRule.objects.filter(is_edited=True).exists()
    assert not SourceRule.objects.exists()
    assert not SimilaritySetting.objects.exists()
    assert DutyRule.objects.exists()
    assert not Link.objects.filter(compare_asked_at__isnull=False).exists()


@pytest.mark.parametrize("name", ACTS)
def test_who_is_responsible_for_the_city_may(name, of_the_city):
    ACTS[name](of_the_city)


def test_a_frozen_link_is_thawed_with_a_reason_only(of_the_city):
    frozen = link(PARENT, state="frozen", frozen_reason="KEY")
    with pytest.raises(InvalidInput):
        links.thaw(of_the_city, frozen, reason="  ")
    assert Link.objects.get(peer_code=PARENT).state == Link.State.FROZEN
    links.thaw(of_the_city, frozen, reason="密钥已更新")
    assert Link.objects.get(peer_code=PARENT).state == Link.State.LIVE
    assert AuditEvent.objects.get(action="link.thaw").reason == "密钥已更新"


def test_the_link_to_a_child_belongs_to_the_childs_division(of_a_district):
    assert links.ask_comparison(of_a_district, link(CHILD)).compare_asked_at is not None


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ("role-list", "/maintenance/roles/new/"),
        ("role-detail", "/maintenance/roles/leader/edit/"),
        ("rule-list", "#edit"),
        ("calendar", 'name="morning_from"'),
        ("exchange-link", "/compare/"),
    ],
)
def test_the_buttons_are_there_for_who_may_only(page, target, world, of_a_district, of_the_city):
    link(PARENT)
    address = reverse(page, args={"role-detail": ["leader"], "exchange-link": [PARENT]}.get(page, []))
    assert target in body_of(entered(of_the_city).get(address))
    assert target not in body_of(entered(of_a_district).get(address))


@pytest.mark.parametrize("name", ["role-new", "role-edit", "rule-edit", "calendar", "exchange-thaw"])
def test_the_doors_answer_403(name, world, of_a_district):
    link(PARENT)
    arguments = {"role-edit": ["hotline"], "rule-edit": [world.rule.pk], "exchange-thaw": [PARENT]}
    response = entered(of_a_district).post(reverse(name, args=arguments.get(name, [])), {"reason": "r"})
    assert response.status_code == 403
