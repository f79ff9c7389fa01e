"""Which class becomes which: by the meaning in the current standard, by choice, or not at all."""

import pytest

from grid.rules.codes import CURRENT, GBT_30428
from grid.rules.conversion import AMBIGUOUS, NO_TARGET, ChoiceFault, Entry, map_classes, merged

OLD = [Entry("1", "0101", "上水井盖", "01001"), Entry("1", "0199", "井盖(其他)", "01001"), Entry("1", "0501", "人防")]
NEW = [Entry("1", "01001", "供水井盖"), Entry("1", "01059", "旧衣物回收箱"), Entry("2", "01001", "供水井盖异常")]
FORTH, BACK = (GBT_30428, CURRENT), (CURRENT, GBT_30428)


def test_an_older_class_becomes_the_one_it_means():
    found = map_classes(OLD, NEW, FORTH, {})
    assert (found["1", "0101"].code, found["1", "0101"].name, found["1", "0101"].loss) == ("01001", "供水井盖", "")
    assert found["1", "0199"].code == "01001"


def test_a_class_without_a_counterpart_is_a_loss():
    assert map_classes(OLD, NEW, FORTH, {})["1", "0501"].loss == NO_TARGET
    assert map_classes(NEW, OLD, BACK, {})["1", "01059"].loss == NO_TARGET


def test_a_matter_never_becomes_a_component():
    assert map_classes(NEW, OLD, BACK, {})["2", "01001"].loss == NO_TARGET


def test_several_counterparts_are_left_to_a_choice():
    target = map_classes(NEW, OLD, BACK, {})["1", "01001"]
    assert (target.code, target.loss, target.offered) == ("", AMBIGUOUS, ("0101", "0199"))
    chosen = map_classes(NEW, OLD, BACK, {("1", "01001"): "0199"})["1", "01001"]
    assert (chosen.code, chosen.name, chosen.loss) == ("0199", "井盖(其他)", "")


def test_a_choice_may_give_a_counterpart_to_what_has_none():
    assert map_classes(OLD, NEW, FORTH, {("1", "0501"): "01059"})["1", "0501"].code == "01059"


@pytest.mark.parametrize("choice", [{("1", "0777"): "01001"}, {("1", "0101"): "07777"}, {("2", "0101"): "01001"}])
def test_a_choice_of_an_unknown_class_is_refused(choice):
    with pytest.raises(ChoiceFault):
        map_classes(OLD, NEW, FORTH, choice)


def test_what_falls_together_is_told():
    found = map_classes(OLD, NEW, FORTH, {})
    assert merged(found.values()) == {("1", "01001"): ["0101", "0199"]}
