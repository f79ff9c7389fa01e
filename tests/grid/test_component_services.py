"""What people change about components, and what is refused."""

import pytest

from cityops.foundation.errors import InvalidInput, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Component
from grid.rules.component_states import ABANDONED, DAMAGED, INTACT, LOST, OCCUPIED, REMOVED
from grid.services import components
from tests.factories.grid import stored_case
from tests.factories.ground import FIRST, component
from tests.factories.people import NINGBO, person

pytestmark = pytest.mark.django_db
HERE = "330100000000-C"


@pytest.fixture
def keeper():
    return person("data_officer")


def stored() -> dict:
    return Component.objects.values().get(obj_id=FIRST)


def change(user, state: str, **more) -> Component:
    return components.change_state(user=user, obj_id=FIRST, state=state, **more)


@pytest.mark.parametrize(
    ("before", "wanted", "error"),
    [
        (INTACT, "99", InvalidInput),
        (INTACT, "", InvalidInput),
        (INTACT, OCCUPIED, components.StateRefused),
        (LOST, DAMAGED, components.StateRefused),
        (ABANDONED, DAMAGED, components.StateRefused),
        (REMOVED, INTACT, components.StateRefused),
    ],
)
def test_a_state_that_cannot_follow_is_refused_and_nothing_changes(keeper, before, wanted, error):
    component(state=before)
    kept = stored()
    with pytest.raises(error) as refusal:
        change(keeper, wanted)
    assert stored() == kept
    assert not AuditEvent.objects.exists()
    if error is InvalidInput:
        assert refusal.value.facts["errors"][0]["field"] == "state"
    else:
        assert refusal.value.facts == {"state": before, "requested": wanted}


@pytest.mark.parametrize(
    ("before", "after"), [(INTACT, DAMAGED), (DAMAGED, INTACT), (OCCUPIED, LOST), (ABANDONED, REMOVED)]
)
def test_a_change_is_written_with_its_entry_once(keeper, before, after):
    component(state=before)
    for _twice in range(2):
        assert change(keeper, after, reason="巡查").state == after
    entry = AuditEvent.objects.get(action="component.change_state")
    assert (entry.before, entry.after, entry.reason) == ({"state": before}, {"state": after}, "巡查")


@pytest.mark.parametrize(
    ("fields", "division", "error"),
    [
        ({}, NINGBO, NotThere),
        ({"origin_code": "330102000000-C"}, "330100000000", Refused),
    ],
)
def test_what_lies_elsewhere_or_belongs_to_another_node_cannot_be_changed(fields, division, error):
    component(**fields)
    kept, user = stored(), person("data_officer", division_code=division)
    for act in (
        lambda: change(user, DAMAGED),
        lambda: components.edit(user=user, obj_id=FIRST, values={"note": "x"}),
    ):
        with pytest.raises(error):
            act()
    assert stored() == kept


def test_codes_class_and_place_are_not_edited_and_every_one_is_named(keeper):
    component()
    kept = stored()
    with pytest.raises(InvalidInput) as refusal:
        components.edit(user=keeper, obj_id=FIRST, values={"class_code": "01002", "grid_code": "x", "note": "y"})
    assert [entry["field"] for entry in refusal.value.facts["errors"]] == ["class_code", "grid_code"]
    assert stored() == kept


def test_an_edit_writes_only_what_differs(keeper):
    component(note="old", obj_name="井盖")
    same = {"note": "old", "obj_name": "井盖"}
    components.edit(user=keeper, obj_id=FIRST, values=same)
    assert not AuditEvent.objects.exists()
    components.edit(user=keeper, obj_id=FIRST, values={**same, "note": "new"})
    entry = AuditEvent.objects.get(action="component.edit")
    assert (entry.before, entry.after) == ({"note": "old"}, {"note": "new"})


@pytest.mark.parametrize(
    ("state", "fields", "after"),
    [
        (DAMAGED, {}, INTACT),
        (LOST, {}, INTACT),
        (ABANDONED, {}, ABANDONED),
        (OCCUPIED, {}, OCCUPIED),
        (INTACT, {}, INTACT),
        (DAMAGED, {"origin_code": "330200000000-C"}, DAMAGED),
    ],
)
def test_a_closed_case_mends_its_component_where_it_was_broken_and_is_ours(state, fields, after):
    component(state=state, **fields)
    case = stored_case(component_id=FIRST)
    components.mended(case, case.reported_at)
    assert stored()["state"] == after
    assert AuditEvent.objects.filter(action="component.change_state").count() == (state != after)
