"""Codes move from one standard to the other and back: what converts, what stays and why, and that both are found."""

import json
import random
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cityops.foundation.errors import InvalidInput, NotAllowed, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case, CodeAlias, CodeConversion, Component, ComponentChange, ImportRun
from grid.rules.codes import CURRENT, GBT_30428
from grid.selectors import ground as selectors
from grid.selectors.aliases import current_ids
from grid.services import components
from grid.services.conversion.plan import Wish
from grid.services.conversion.run import convert_codes, try_conversion
from sync.standard.files import DATA, parse_file
from sync.standard.models import ClassEntry
from sync.standard.services.loading import load_dictionary
from tests.factories import grid as ground
from tests.factories.ground import COVER, component
from tests.factories.people import person

pytestmark = pytest.mark.django_db
FORTH, BACK = Wish(CURRENT), Wish(GBT_30428)
OLD_COVER, NEW_COVER = "3301020101000007", "33010201001000007"
COUNTY = "330102"


@pytest.fixture
def standards():
    """The class dictionaries that the product ships."""
    for file in sorted((DATA / "classes").glob("*.json")):
        load_dictionary(parse_file(file.read_bytes(), file.name))
    ground.city()


def old(obj_id: str = OLD_COVER, **fields) -> Component:
    """A component of GB/T 30428.2."""
    return component(obj_id, **{"class_code": obj_id[6:10], "std_ref": GBT_30428, **fields})


def old_case(**fields) -> Case:
    """A case of a matter of GB/T 30428.2 that waits for filing."""
    good = {"std_ref": GBT_30428, "class_code": "0101", "matter_code": COUNTY + "0101", "state": "30"}
    return ground.stored_case(**{**good, **fields})


def line(run: CodeConversion, kind: str, code: str) -> dict:
    return next(entry for entry in run.lines if (entry["kind"], entry["class_code"]) == (kind, code))


def everything() -> dict:
    """All components and cases as they are stored."""
    return {model: list(model.objects.order_by("pk").values()) for model in (Component, Case)}


def test_a_component_gets_the_id_of_the_other_standard_and_keeps_its_sequence(standards):
    before = old()
    run = convert_codes(FORTH)
    after = Component.objects.get()
    assert (after.pk, after.obj_id, after.class_code, after.std_ref) == (before.pk, NEW_COVER, COVER, CURRENT)
    assert (run.state, run.totals["components"]["converted"]) == ("done", 1)
    alias = CodeAlias.objects.get(kind="component")
    assert (alias.subject, alias.old, alias.new, alias.std_ref) == (before.pk, OLD_COVER, NEW_COVER, GBT_30428)


def test_a_report_that_names_the_former_id_is_about_the_component(standards):
    old()
    convert_codes(FORTH)
    ground.ready_city()
    case = ground.registered(kind="1", class_code=COVER, component_id=OLD_COVER)
    assert case.component_id == NEW_COVER


def test_the_change_is_in_the_history_and_is_no_change_of_the_thing(standards):
    old()
    run = convert_codes(FORTH)
    change = ComponentChange.objects.get()
    assert (change.kind, change.run, change.before["obj_id"]) == ("code", run.pk, OLD_COVER)
    assert change.after == {"obj_id": NEW_COVER, "class_code": COVER, "std_ref": CURRENT}
    assert Component.objects.get().change_date is None


def test_both_codes_lead_to_the_component(standards):
    thing = old()
    convert_codes(FORTH)
    user = person("data_officer")
    for code in (OLD_COVER, NEW_COVER):
        assert selectors.get_component(user, code).pk == thing.pk
        found = selectors.filter_components(selectors.visible_components(user), q=code[:12])
        assert [row.pk for row in found] == [thing.pk]
    assert current_ids(OLD_COVER) == [NEW_COVER]


def test_a_class_without_a_counterpart_keeps_its_code_and_is_reported(standards):
    old("3301020501000001")
    run = convert_codes(FORTH)
    told = line(run, "components", "0501")
    assert (told["lost"], told["loss"], told["class_name"], told["to_code"]) == (1, "no_target", "人防工事", "")
    assert Component.objects.get().obj_id == "3301020501000001"
    assert not CodeAlias.objects.filter(kind="component").exists()


def test_a_class_that_nobody_knows_and_a_code_that_is_malformed_stay(standards):
    old("3301027777000001")
    component("3301020102000001", class_code="0101", std_ref=GBT_30428)
    run = convert_codes(FORTH)
    assert line(run, "components", "7777")["loss"] == "unknown"
    assert line(run, "components", "0101")["loss"] == "malformed"
    assert Component.objects.filter(std_ref=CURRENT).count() == 0


def test_a_taken_sequence_gives_way_to_the_next_free_one_and_is_reported(standards):
    component(NEW_COVER)
    component("33010201001000050")
    old()
    run = convert_codes(FORTH)
    assert Component.objects.filter(obj_id="33010201001000051", class_code=COVER).exists()
    assert line(run, "components", "0101")["renumbered"] == 1


def test_an_id_that_another_one_had_is_not_used_again(standards):
    first = component(NEW_COVER)
    convert_codes(BACK)
    first.delete()
    second = old()
    convert_codes(FORTH)
    assert Component.objects.get(pk=second.pk).obj_id == "33010201001000008"


def test_two_classes_that_fall_into_one_do_not_collide(standards):
    ClassEntry.objects.create(
        version=GBT_30428, kind="1", class_code="0199", class_name="其他井盖", big_code="01", std_code=COVER
    )
    a, b = old(), old("3301020199000007")
    run = convert_codes(FORTH)
    ids = {row.pk: row.obj_id for row in Component.objects.all()}
    assert ids == {a.pk: NEW_COVER, b.pk: "33010201001000008"}
    assert line(run, "components", "0199")["merged"] == ["0101"]
    convert_codes(BACK)
    assert {row.pk: row.obj_id for row in Component.objects.all()} == {a.pk: OLD_COVER, b.pk: "3301020199000007"}


def test_where_several_are_meant_somebody_has_to_choose(standards):
    ClassEntry.objects.create(
        version=GBT_30428, kind="1", class_code="0199", class_name="其他井盖", big_code="01", std_code=COVER
    )
    component(NEW_COVER)
    told = line(convert_codes(BACK), "components", COVER)
    assert (told["loss"], told["offered"], told["lost"]) == ("ambiguous", ["0101", "0199"], 1)
    convert_codes(Wish(GBT_30428, choices={"components": {COVER: "0199"}}))
    assert Component.objects.get().obj_id == "3301020199000007"


@pytest.mark.parametrize("choices", [{"components": {"0777": "01001"}}, {"things": {}}, {"matters": {"0101": "99999"}}])
def test_a_choice_that_names_nothing_is_refused_and_nothing_changes(standards, choices):
    old()
    kept = everything()
    with pytest.raises(InvalidInput):
        convert_codes(Wish(CURRENT, choices=choices))
    assert everything() == kept
    assert not CodeConversion.objects.exists()


@pytest.mark.parametrize("wish", [FORTH, BACK])
def test_a_dry_run_changes_nothing_and_says_what_the_run_does(standards, wish):
    for number in range(1, 6):
        old(f"33010201{number:02d}000001")
        component(f"33010201001{number:06d}")
    old("3301020501000001")
    old_case()
    kept = everything()
    tried = convert_codes(wish, dry_run=True)
    assert everything() == kept
    assert not CodeAlias.objects.exists()
    assert not ComponentChange.objects.exists()
    done = convert_codes(wish)
    assert (tried.state, done.state) == ("dry_run", "done")
    assert tried.lines == done.lines
    assert tried.totals == done.totals
    assert everything() != kept


@pytest.mark.parametrize("seed", range(6))
def test_there_and_back_leaves_every_component_as_it_was_but_for_what_was_lost(standards, seed):
    chance = random.Random(seed)
    codes = list(ClassEntry.objects.filter(version=GBT_30428, kind="1").values_list("class_code", flat=True))
    new = list(ClassEntry.objects.filter(version=CURRENT, kind="1").values_list("class_code", flat=True))
    for code in chance.sample(codes, 40):
        old(f"{COUNTY}{code}{chance.randint(1, 4):06d}", note=code)
    for code in chance.sample(new, 40):
        component(f"{COUNTY}{code}{chance.randint(1, 4):06d}", class_code=code)
    fields = [f.attname for f in Component._meta.concrete_fields]
    there = {row["rid"]: row for row in Component.objects.filter(std_ref=GBT_30428).values(*fields)}
    run = convert_codes(FORTH)
    lost = {rid for rid, row in there.items() if Component.objects.get(pk=rid).obj_id == row["obj_id"]}
    assert len(lost) == run.totals["components"]["lost"]
    assert not Component.objects.filter(pk__in=set(there) - lost, std_ref=GBT_30428).exists()
    assert Component.objects.values("obj_id").distinct().count() == Component.objects.count()
    convert_codes(BACK)
    back = {row["rid"]: row for row in Component.objects.filter(pk__in=there).values(*fields)}
    assert back == there


def test_a_second_run_finds_nothing_left_to_do(standards):
    old()
    convert_codes(FORTH)
    kept, aliases = everything(), CodeAlias.objects.count()
    again = convert_codes(FORTH)
    assert again.totals["components"]["number"] == 0
    assert (everything(), CodeAlias.objects.count()) == (kept, aliases)


def test_replicas_and_other_counties_are_not_touched(standards):
    theirs = old(origin_code="330200000000-C")
    away = old("3301060101000001", division_code="330106001001", grid_code="330106001001001")
    convert_codes(Wish(CURRENT, division_code="330102000000"))
    assert set(Component.objects.values_list("obj_id", flat=True)) == {theirs.obj_id, away.obj_id}
    with pytest.raises(InvalidInput):
        convert_codes(Wish(CURRENT, division_code="330200000000"))


def test_a_case_before_filing_converts_and_one_that_is_filed_keeps_its_standard(standards):
    thing = old()
    waiting = old_case(kind="1", matter_code="", component_id=thing.obj_id)
    matter = old_case(matter_name="原名")
    filed = old_case(state="50", filed_at=waiting.reported_at)
    run = convert_codes(FORTH)
    waiting.refresh_from_db()
    matter.refresh_from_db()
    assert (waiting.std_ref, waiting.class_code, waiting.component_id) == (CURRENT, COVER, NEW_COVER)
    assert (matter.class_code, matter.matter_code) == ("06001", COUNTY + "06001")
    assert (matter.matter_name, matter.version) == ("私搭乱建", 2)
    kept = Case.objects.get(pk=filed.pk)
    assert (kept.std_ref, kept.class_code, kept.version) == (GBT_30428, "0101", 1)
    assert run.totals["cases"]["kept"] == 1
    assert CodeAlias.objects.filter(kind="matter", old=COUNTY + "0101", new=COUNTY + "06001").count() == 1
    convert_codes(BACK)
    matter.refresh_from_db()
    waiting.refresh_from_db()
    assert (matter.class_code, matter.matter_code, matter.matter_name) == ("0101", COUNTY + "0101", "原名")
    assert (waiting.class_code, waiting.component_id) == ("0101", OLD_COVER)


def test_closing_an_old_case_mends_the_component_under_its_new_code(standards):
    old(state="02")
    case = old_case(kind="1", component_id=OLD_COVER, state="80", filed_at="2026-01-01T00:00Z")
    convert_codes(FORTH)
    components.mended(case, case.reported_at)
    assert Component.objects.get().state == "01"


def test_an_import_under_the_former_id_is_refused_with_the_present_one(standards, run_import, tmp_path):
    from tests.factories.ground import csv_file

    ground.unit_grid()
    old()
    convert_codes(FORTH)
    path = csv_file(tmp_path / "c.csv", [{
        "obj_id": OLD_COVER, "std_ref": GBT_30428, "dept_code1": "A", "dept_name1": "甲",
        "longitude": ground.WEST + 0.005, "latitude": ground.SOUTH + 0.005,
    }])  # fmt: skip
    run = run_import("components", path, "")
    issue = run.issues.get(code="code_converted")
    assert NEW_COVER in issue.message
    assert Component.objects.count() == 1


def test_a_broken_run_leaves_nothing_but_its_row(standards, monkeypatch):
    from grid.services.conversion import cases

    old()
    kept = everything()
    monkeypatch.setattr(cases, "apply_classes", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        convert_codes(FORTH)
    assert everything() == kept
    assert CodeConversion.objects.get().state == "broken"
    monkeypatch.undo()
    assert convert_codes(FORTH).totals["components"]["converted"] == 1


@pytest.mark.parametrize(
    "wish", [Wish("GB/T 1"), Wish(CURRENT, "GB/T 1"), Wish(CURRENT, CURRENT), Wish(CURRENT, kinds=("x",))]
)
def test_standards_that_are_not_there_are_refused(standards, wish):
    with pytest.raises(InvalidInput):
        convert_codes(wish)


def test_only_a_city_converts(standards, settings):
    settings.CITYOPS_TIER = "provincial"
    with pytest.raises(Refused):
        convert_codes(FORTH)


@pytest.mark.parametrize(("role", "division"), [("collector", "330100000000"), ("data_officer", "330102000000")])
def test_trying_is_for_who_answers_for_the_whole_city(standards, role, division):
    with pytest.raises(NotAllowed):
        try_conversion(person(role, division_code=division), FORTH)
    assert not CodeConversion.objects.exists()


def test_the_command_tells_losses_and_leaves_an_entry_in_the_trail(standards, tmp_path):
    old()
    old("3301020501000001")
    out = StringIO()
    call_command("convert_codes", "--to", CURRENT, "--dry-run", "--kind", "components", stdout=out)
    assert "0501 人防工事 -> -; 1 stay: no_target" in out.getvalue()
    choices = tmp_path / "c.toml"
    choices.write_text('[components]\n0501 = "01001"\n', encoding="utf-8")
    out = StringIO()
    call_command("convert_codes", "--to", CURRENT, "--choices", str(choices), "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["state"], told["totals"]["components"]["converted"]) == ("done", 2)
    assert AuditEvent.objects.filter(action="codes.convert").count() == 2
    choices.write_text("components = 1", encoding="utf-8")
    with pytest.raises(CommandError, match="components"):
        call_command("convert_codes", "--to", CURRENT, "--choices", str(choices))


def test_an_import_that_runs_keeps_a_conversion_waiting(standards, other_import):
    old()
    with other_import(), pytest.raises(Refused, match="正在进行"):
        convert_codes(FORTH)
    assert Component.objects.get().obj_id == OLD_COVER
    assert not ImportRun.objects.exists()
