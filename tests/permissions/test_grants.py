"""A thing that was granted singly is there to be looked at: nobody comes to write to it by the grant."""

import pytest
from django.urls import reverse

from cityops.accounts.models import Organisation, User
from cityops.accounts.services import grants, organisations
from cityops.foundation.errors import InvalidInput, NotThere
from cityops.foundation.models import AuditEvent
from grid.models import Case, Component
from grid.selectors.cases import case_detail, desk_counts
from tests.factories.people import person
from tests.permissions.policy import BY_NAME
from tests.permissions.routes import routes_of
from tests.permissions.visits import body_of, entered
from tests.permissions.world import DISTRICT, ELSEWHERE, HERE, all_powerful

KINDS = {"case": "case", "case_act": "case", "component": "component", "organisation": "organisation", "grid": "grid"}
"""What an address is about → the thing that is granted."""
GOOD = {
    "component-edit": {"obj_name": "changed"},
    "component-state": {"state": "02", "reason": "changed"},
    "organisation-edit": {"name": "changed", "org_type": "05", "division_code": DISTRICT, "status": "1"},
    "organisation-detail": {"name": "changed"},
}
"""Values that somebody who may change the thing could send."""
AS_JSON = {"content_type": "application/json"}


@pytest.fixture
def letter():
    return "m"


@pytest.fixture(params=ELSEWHERE["m"], ids=["another city", "another district"])
def guest(request, world):
    """Somebody who may do everything elsewhere, and was granted one of everything here."""
    one = all_powerful(request.param)
    for thing in (world.case, world.component, world.organisation, world.grid):
        grants.grant(person("security_admin", division_code=HERE["m"]), one, thing, reason="协查")
    return User.objects.get(pk=one.pk)


def kept(world):
    return [
        model.objects.filter(pk=thing.pk).values().get()
        for model, thing in ((Case, world.case), (Component, world.component), (Organisation, world.organisation))
    ]


def test_what_was_granted_is_seen_and_every_write_to_it_is_refused(letter, world, guest):
    client, before, entries, wrong = entered(guest), kept(world), AuditEvent.objects.count(), {}
    for route in routes_of(letter):
        row = route.row
        if row.about not in KINDS:
            continue
        address, is_api = world.address(row), row.name.startswith("api:")
        values = GOOD.get(row.name.removeprefix("api:"), {})
        for method in ("post", "patch", "put", "delete") if is_api else ("post",):
            response = getattr(client, method)(address, values, **(AS_JSON if is_api else {}))
            is_read = not is_api and not row.posts and not row.name.endswith("-edit")
            if response.status_code not in ((200, 405) if is_read else (403, 404, 405)):
                wrong[f"{method} {row.name}"] = response.status_code
    assert wrong == {}
    assert kept(world) == before
    assert AuditEvent.objects.count() == entries
    for name in ("case-detail", "component-detail", "organisation-detail", "grid-detail"):
        assert client.get(world.address(BY_NAME[name])).status_code == 200


def test_no_move_is_offered_for_a_granted_case(world, guest):
    insider = all_powerful(HERE["m"])
    assert case_detail(insider, world.case.case_no).moves
    assert not case_detail(guest, world.case.case_no).moves
    assert (desk_counts(insider).waiting, desk_counts(guest).waiting) == (1, 0)
    waiting = reverse("case-list") + "?waiting=true"
    assert world.case.case_no in body_of(entered(insider).get(waiting))
    assert world.case.case_no not in body_of(entered(guest).get(waiting))


def test_no_button_leads_to_changing_a_granted_thing(world, guest):
    for name, edit in (("component-detail", "component-edit"), ("organisation-detail", "organisation-edit")):
        target = world.address(BY_NAME[edit])
        assert target in body_of(entered(all_powerful(HERE["m"])).get(world.address(BY_NAME[name])))
        assert target not in body_of(entered(guest).get(world.address(BY_NAME[name])))
        assert entered(guest).get(target).status_code == 404


def test_a_granted_organisation_is_neither_taken_over_nor_built_upon_nor_granted_on(world, guest):
    mine = guest.division_code
    with pytest.raises(NotThere):
        organisations.change_organisation(guest, world.organisation, {"division_code": mine})
    with pytest.raises(InvalidInput):
        organisations.create_organisation(
            guest,
            "BELOW",
            {"name": "x", "org_type": "05", "division_code": mine, "parent_code": world.organisation.org_code},
        )
    with pytest.raises(NotThere):
        grants.grant(guest, person("acceptor", division_code=mine), world.organisation, reason="r")
    chosen = entered(guest).get(reverse("person-new")).context["form"].fields["organisation"].queryset
    assert world.organisation not in chosen
    assert Organisation.objects.get(pk=world.organisation.pk).division_code == DISTRICT
