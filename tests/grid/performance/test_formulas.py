"""Formula sets: what is refused, and the worked examples and published bulletins that they must give (no database)."""

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest

from grid.performance.rules.counts import COUNTS
from grid.performance.rules.expressions import InvalidExpression, NoData, evaluate, names_in
from grid.performance.rules.formulas import InvalidSet, Rounding, Scoring, read_set
from grid.performance.rules.scoring import result_of, score_of, value_of, values_of

FOLDER = Path(__file__).resolve().parents[3] / "grid" / "performance" / "data" / "formulas"
SAMPLE = json.loads((FOLDER / "sample-2026.1.json").read_text())
JINNIU = json.loads((FOLDER / "jinniu-2026.1.json").read_text())


@pytest.fixture
def sample():
    return read_set(SAMPLE)


def changed(path, value):
    """The sample with one member replaced."""
    document = copy.deepcopy(SAMPLE)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_every_shipped_set_is_valid_and_says_where_it_comes_from(path):
    found = read_set(json.loads(path.read_text()))
    assert found.key == path.stem
    assert found.provenance in {"B", "C"}
    assert found.source


def test_a_department_with_93_9_has_grade_a(sample):
    counts = {
        "rework_num": 80,
        "disposed_num": 2000,
        "need_dispose_num": 2000,
        "intime_dispose_num": 1820,
        "need_close_num": 2000,
        "close_num": 1920,
    }
    result = result_of(sample, "department", counts)
    assert [part.score for part in result.parts] == [90, 96, 91, 96]
    assert [part.points for part in result.parts] == [Decimal("9"), Decimal("28.8"), Decimal("27.3"), Decimal("28.8")]
    assert (result.score, result.grade.letter, result.grade.colour) == (Decimal("93.90"), "A", "green")


def test_complaints_of_one_district_score_26_407():
    indicator = read_set(JINNIU).indicators["complaint_score"]
    counts = {"complaint_num": 100, "area": Decimal("0.026"), "population": Decimal("2.141")}
    assert value_of(indicator, counts).text == "26.407"


TIANMEN = {"register_num": 996, "need_close_num": 972, "close_num": 911, "intime_close_num": 737}


@pytest.mark.parametrize(
    ("indicator", "counts", "expected"),
    [
        ("closing_rate", TIANMEN, "93.72"),
        ("on_time_closing_rate", {**TIANMEN, "need_close_timed_num": 972}, "75.82"),
        ("closing_rate", {"need_close_num": 956, "close_num": 902}, "94.35"),
        ("closing_rate", {"need_close_num": 16, "close_num": 9}, "56.25"),
    ],
)
def test_a_bulletin_of_a_month_comes_out_as_it_was_published(sample, indicator, counts, expected):
    assert value_of(sample.indicators[indicator], counts).text == expected


def test_events_and_components_of_the_bulletin_add_up():
    assert (971 + 25, 956 + 16, 902 + 9) == (996, 972, 911)


def test_the_rounding_rule_is_visible():
    whole = {"close_num": 87, "need_close_num": 102}
    rounded = read_set(changed(["rounding"], {"places": 2, "mode": "half_up"}))
    cut = read_set(changed(["rounding"], {"places": 1, "mode": "down"}))
    assert value_of(rounded.indicators["closing_rate"], whole).text == "85.29"
    assert value_of(cut.indicators["closing_rate"], whole).text == "85.2"
    assert Rounding(1, "half_up").apply(Decimal("85.29")) == Decimal("85.3")


@pytest.mark.parametrize(
    ("code", "above", "below", "expected"),
    [
        ("closing_rate", "close_num", "need_close_num", "99.99"),
        ("on_time_closing_rate", "intime_close_num", "need_close_timed_num", "99.88"),
        ("rework_rate", "rework_num", "disposed_num", "0.11"),
        ("delay_share", "postpone_num", "need_dispose_num", "0.20"),
    ],
)
def test_a_quarter_of_277924_cases_shows_two_places(sample, code, above, below, expected):
    number = round(277_924 * float(expected) / 100)
    assert value_of(sample.indicators[code], {above: number, below: 277_924}).text == expected


def test_a_denominator_of_zero_is_no_data_and_neither_0_nor_100(sample):
    nothing = value_of(sample.indicators["closing_rate"], {"close_num": 0, "need_close_num": 0})
    assert (nothing.value, nothing.text) == (None, "—")
    assert value_of(sample.indicators["closing_rate"], {"close_num": 0, "need_close_num": 3}).text == "0.00"


def test_parts_without_data_neither_give_nor_take_and_the_weight_is_told(sample):
    counts = {"close_num": 8, "need_close_num": 10, "intime_dispose_num": 9, "need_dispose_num": 10}
    result = result_of(sample, "department", counts)
    assert (result.score, result.covered) == (Decimal("85.00"), 60)
    few = result_of(sample, "department", {"rework_num": 0, "close_num": 8, "need_close_num": 10})
    assert (few.score, few.grade, few.covered) == (None, None, 40)
    empty = result_of(sample, "department", {})
    assert (empty.score, empty.grade, empty.covered) == (None, None, 0)


@pytest.mark.parametrize(
    ("number", "score"), [(0, 100), (50, 100), (51, 90), (100, 90), (101, 75), (500, 60), (1000, 40), (1001, 0)]
)
def test_rework_scores_by_bands(sample, number, score):
    part = sample.objects["department"][0]
    assert (part.scoring, score_of(part, Decimal(number))) == (Scoring.BANDS, score)


@pytest.mark.parametrize(("per_grid", "score"), [("0", 100), ("0.5", 90), ("3", 75), ("5", 60), ("8.99", 40), ("9", 0)])
def test_filings_of_a_grid_score_by_bands(sample, per_grid, score):
    part = next(one for one in sample.objects["area"] if one.indicator == "filings_per_grid")
    assert score_of(part, Decimal(per_grid)) == score


@pytest.mark.parametrize(
    ("number", "score"), [(2001, 100), (2000, 90), (1201, 90), (501, 75), (301, 60), (101, 40), (100, 0), (0, 0)]
)
def test_accepted_reports_score_by_bands(sample, number, score):
    part = sample.objects["acceptor"][0]
    assert score_of(part, Decimal(number)) == score


@pytest.mark.parametrize(
    ("score", "letter"),
    [("100", "A"), ("90", "A"), ("89.99", "B"), ("75", "B"), ("74.99", "C"), ("60", "C"), ("40", "D"), ("39.99", "E"),
     ("0", "E")],
)  # fmt: skip
def test_grades_begin_where_the_code_list_says(sample, score, letter):
    assert sample.grade_of(Decimal(score)).letter == letter


def test_rework_over_what_was_needed_and_over_what_was_disposed_are_two_figures(sample):
    counts = {"rework_num": 10, "need_close_num": 200, "disposed_num": 100}
    assert value_of(sample.indicators["rework_rate"], counts).text == "10.00"
    assert value_of(read_set(JINNIU).indicators["rework_rate"], counts).text == "5.000"


def test_the_closing_rate_exists_with_and_without_paused_cases(sample):
    values = values_of(sample, {"close_num": 80, "need_close_num": 100, "hang_num": 60})
    assert (values["closing_rate"].text, values["closing_rate_with_paused"].text) == ("80.00", "50.00")
    assert values["suspension_share"].text == "37.50"


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        (["objects", "department", 0, "weight"], 9, "weights_sum"),
        (["objects", "department", 1, "indicator"], "nothing", "unknown_indicator"),
        (["objects", "department", 1, "score"], "average", "scoring"),
        (["objects", "department", 0, "score"], "ratio", "percent_needed"),
        (["objects", "department", 0, "bands"], [{"upto": 50, "score": 100}], "last_band_open"),
        (["objects", "department", 0, "bands"], [{"upto": 5, "below": 9, "score": 100}, {"score": 0}], "one_limit"),
        (["objects", "department", 0, "bands"], [{"upto": 5, "score": 120}, {"score": 0}], "score_between"),
        (["objects", "person"], [], "unknown_object"),
        (["indicators", 0, "numerator"], "close_number", "unknown_count"),
        (["indicators", 0, "numerator"], "100 * close_num", "mixed_scale"),
        (["indicators", 0, "numerator"], "0 < close_num < 5", "expression_comparison"),
        (["indicators", 0, "numerator"], "__import__('os')", "expression_not_allowed"),
        (["indicators", 0, "numerator"], "close_num ** 9", "expression_not_allowed"),
        (["indicators", 0, "numerator"], "close_num +", "expression_syntax"),
        (["indicators", 0, "denominator"], "", "percent_needs_denominator"),
        (["indicators", 1, "code"], "closing_rate", "code_twice"),
        (["honesty"], ["nothing"], "unknown_indicator"),
        (["grades", 0, "from"], 60, "grades_falling_to_zero"),
        (["grades", 4, "from"], 10, "grades_falling_to_zero"),
        (["grades", 0, "colour"], "pink", "grade"),
        (["rounding"], {"places": 2, "mode": "up"}, "rounding"),
        (["provenance"], "mine", "provenance"),
        (["version"], "2026.1-with-a-long-tail", "key"),
        (["title"], "", "text_needed"),
        (["objects", "department", 0, "weight"], "much", "number_needed"),
    ],
)
def test_a_faulty_set_is_refused_with_the_rule_it_breaks(path, value, rule):
    with pytest.raises(InvalidSet) as refused:
        read_set(changed(path, value))
    assert rule in {fault.rule for fault in refused.value.faults}


def test_all_faults_are_told_at_once():
    document = changed(["objects", "department", 0, "weight"], 9)
    document["provenance"] = "mine"
    with pytest.raises(InvalidSet) as refused:
        read_set(document)
    assert {fault.rule for fault in refused.value.faults} == {"weights_sum", "provenance"}


@pytest.mark.parametrize("document", [None, [], "text", {}, {"objects": {"area": 3}}, {"indicators": [3]}])
def test_what_is_no_set_at_all_is_refused(document):
    with pytest.raises(InvalidSet):
        read_set(document)


@pytest.mark.parametrize(
    ("text", "expected"), [("a - b / 2", "8"), ("-(a + b) * 2", "-28"), ("a / b", "2.5"), ("1.5", "1.5")]
)
def test_an_expression_gives_its_value(text, expected):
    assert evaluate(text, {"a": 10, "b": 4}) == Decimal(expected)


@pytest.mark.parametrize("text", ["a / 0", "a / (b - 4)", "a + unknown"])
def test_a_division_by_zero_and_an_unknown_count_are_no_data(text):
    with pytest.raises(NoData):
        evaluate(text, {"a": 10, "b": 4})


@pytest.mark.parametrize("text", ["", "a.b", "a[0]", "f(a)", "a if b else c", "lambda: 1", "'x'", "True", "a" * 201])
def test_nothing_but_sums_and_products_is_an_expression(text):
    with pytest.raises(InvalidExpression):
        names_in(text)


def test_every_count_has_one_code():
    assert len(COUNTS) == len(set(COUNTS))
