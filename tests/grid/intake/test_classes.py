"""Suggested classes: on the real dictionary, with plain words, learnt words, pinyin and hints."""

import csv
import datetime as dt
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from grid.intake.models import LearningState, LearntWord
from grid.intake.selectors.classes import forget_index, plain_words, suggest_classes
from grid.intake.selectors.confusable import confusable_groups, hint_for, taken_for
from grid.intake.services import learning
from grid.intake.tasks import SCHEDULE, learn_classes
from grid.selectors.classes import classes_in_force, find_classes
from sync.standard.files import DATA, parse_file
from sync.standard.services.loading import load_dictionary
from tests.factories import grid as ground

pytestmark = pytest.mark.django_db
DESCRIPTIONS = Path(__file__).with_name("descriptions.csv")


@pytest.fixture
def standard():
    file = DATA / "classes" / "gbt-47678.5-2026.json"
    load_dictionary(parse_file(file.read_bytes(), file.name))
    forget_index()
    yield
    forget_index()


def closed(code, text, **fields):
    fields = {"state": "80", "closed_at": timezone.now(), "address": "测试路1号", **fields}
    return ground.stored_case(class_code=code, description=text, **fields)


def codes(found):
    return [one.entry.class_code for one in found]


def test_groups_and_plain_words_name_classes_of_the_standard(standard):
    names = dict(classes_in_force().filter(kind="2").values_list("class_code", "class_name"))
    for group in confusable_groups():
        assert [names[code] for code in group.codes] == list(group.names)
    assert {code for _std, code in plain_words()} <= set(names)
    assert len(confusable_groups()) == 6


def test_a_class_that_is_confused_says_how_it_is_told_apart(standard):
    first = suggest_classes("垃圾桶满了")[0]
    assert first.entry.class_code == "06042"
    assert first.hint == hint_for("06010") != ""
    assert taken_for("06010") == ("06011", "06042")
    assert taken_for("01001") == ()
    assert "垃圾桶满(口语)" in first.because


def test_descriptions_of_citizens_find_their_class(standard):
    """The table was written apart from the plain words; docs/intake.md gives the figures."""
    rows = list(csv.DictReader(DESCRIPTIONS.read_text(encoding="utf-8").splitlines()))
    ranks = [codes(found).index(row["class_code"]) if row["class_code"] in codes(found) else None
             for row in rows if (found := suggest_classes(row["description"])) is not None]  # fmt: skip
    first = sum(rank == 0 for rank in ranks) / len(rows)
    five = sum(rank is not None for rank in ranks) / len(rows)
    missed = [row["description"] for row, rank in zip(rows, ranks, strict=True) if rank is None]
    assert len(rows) >= 80
    assert first >= 0.85, f"hit@1 {first:.1%}"
    assert five >= 0.95, f"hit@5 {five:.1%}: {missed}"


def test_closed_cases_teach_and_reworked_open_and_known_ones_do_not(standard):
    for _each in range(3):
        closed("06028", "测试路1号凌晨有人吹唢呐")
    closed("06029", "凌晨有人吹唢呐", rework_count=1)
    closed("06029", "凌晨有人吹唢呐", state="60", closed_at=None)
    assert suggest_classes("凌晨吹唢呐") == []
    done = learning.learn()
    assert (done.cases, done.is_done) == (4, True)
    assert set(LearntWord.objects.filter(word="唢呐").values_list("class_code", "count")) == {("06028", 3)}
    assert not LearntWord.objects.filter(word__contains="测试").exists()
    assert codes(suggest_classes("凌晨吹唢呐"))[0] == "06028"
    assert learning.learn().cases == 0
    closed("06028", "吹唢呐")
    learn_classes()
    assert LearntWord.objects.get(word="唢呐").count == 4
    assert SCHEDULE["intake.learn_classes"][0] == "grid.intake.tasks.learn_classes"


def test_learning_goes_on_in_slices_and_stops_in_time(standard, monkeypatch):
    monkeypatch.setattr(learning, "SLICE", 2)
    for number in range(5):
        closed("06028", "唢呐声", closed_at=timezone.now() - dt.timedelta(hours=number))
    assert learning.learn(seconds=0).is_done is False
    assert learning.learn().cases == 5
    assert LearningState.objects.get().cases == 5


def test_the_command_learns_afresh(standard, capsys):
    closed("06028", "唢呐声")
    learning.learn()
    call_command("learn_classes", afresh=True)
    assert "1 closed cases read" in capsys.readouterr().out
    assert LearntWord.objects.get(word="唢呐").count == 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [("bllj", "06010"), ("baolulaji", "06010"), ("dwjy", "09005"), ("xiaoguanggao", "07001"), ("jing gai", "01001")],
)
def test_classes_are_found_by_pinyin(standard, typed, code):
    assert code in [entry.class_code for entry in find_classes(typed)]


def test_english_names_codes_and_words_are_found_as_before(standard):
    assert find_classes("Exposed refuse")[0].class_code == "06010"
    assert find_classes("0601")[0].class_code.startswith("0601")
    assert "01001" in [entry.class_code for entry in find_classes("井盖")]
    assert find_classes("") == []


def test_asking_takes_three_queries_once_the_index_is_there(standard, django_assert_num_queries):
    suggest_classes("垃圾")
    with django_assert_num_queries(3):
        suggest_classes("路灯不亮而且这里很黑希望尽快修好它谢谢你们")
