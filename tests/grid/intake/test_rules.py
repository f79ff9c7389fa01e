"""Rules of intake, by table and without a database."""

import datetime as dt
from decimal import Decimal

import pytest

from grid.intake.rules.answers import CHANNEL_OF, Outcome, answer_text
from grid.intake.rules.duties import Duty, Facts, best_first, holds, overlap
from grid.intake.rules.similarity import Reach, distance_m, similarity
from grid.intake.rules.sources import DEFAULTS, NextStep, SourceTerms, after_report, lacks_of, may_bring
from grid.intake.rules.wording import Index, Known, learnable, spoken, words_of
from grid.rules.pinyin import is_spelling, pinyin_rank, spelt

WAIT, VERIFY, ACCEPT, FILE = NextStep.WAIT, NextStep.VERIFY, NextStep.ACCEPT, NextStep.FILE
MONDAY = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("fields", "given", "expected"),
    [
        ({}, {}, WAIT),
        ({"verify_first": True}, {}, VERIFY),
        ({"verify_first": True}, {"seen_on_site": True}, WAIT),
        ({"auto_accept": True}, {}, ACCEPT),
        ({"auto_accept": True, "may_file_directly": True}, {}, ACCEPT),
        ({"auto_accept": True, "may_file_directly": True}, {"may_file": True}, FILE),
        ({"auto_accept": True}, {"may_file": True}, ACCEPT),
        ({"verify_first": True, "min_confidence": Decimal("0.9")}, {"confidence": Decimal("0.9")}, ACCEPT),
        ({"verify_first": True, "min_confidence": Decimal("0.9")}, {"confidence": Decimal("0.89")}, VERIFY),
        ({"min_confidence": Decimal("0.9")}, {}, VERIFY),
        ({"verify_first": True}, {"confidence": Decimal(1)}, VERIFY),
    ],
)
def test_what_follows_a_report(fields, given, expected):
    assert after_report(SourceTerms("99", **fields), **given) is expected


def test_the_sample_verifies_the_public_first_and_lets_a_collector_skip_it():
    assert set(DEFAULTS) == {"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "99"}
    assert {s for s, terms in DEFAULTS.items() if after_report(terms) is VERIFY} == {"02", "03", "04", "09", "10", "99"}
    assert after_report(DEFAULTS["01"], seen_on_site=True) is WAIT
    assert not any(terms.verify_first and terms.auto_accept for terms in DEFAULTS.values())


@pytest.mark.parametrize(
    ("fields", "given", "codes"),
    [
        ({}, {}, []),
        ({"needs_photo": True}, {}, ["photo_required"]),
        ({"needs_photo": True}, {"has_photo": True}, []),
        ({"needs_reporter": True, "needs_photo": True}, {}, ["photo_required", "reporter_required"]),
        ({"number_is_unique": True}, {}, []),
        ({"number_is_unique": True, "min_confidence": Decimal("0.5")}, {}, ["number_required"]),
        ({"number_is_unique": True, "min_confidence": Decimal("0.5")}, {"has_number": True}, []),
    ],
)
def test_what_a_report_misses(fields, given, codes):
    given = {"has_photo": False, "has_reporter": False, "has_number": False, **given}
    assert [lack.code for lack in lacks_of(SourceTerms("99", **fields), **given)] == codes


def test_a_rule_names_the_roles_that_may_bring_a_source_in():
    assert may_bring(SourceTerms("99"), frozenset())
    assert may_bring(SourceTerms("99", roles=("hotline",)), frozenset({"hotline", "collector"}))
    assert not may_bring(SourceTerms("99", roles=("hotline",)), frozenset({"collector"}))


@pytest.mark.parametrize(
    ("metres", "hours", "kinship", "score"),
    [
        (0, 0, "same", 100), (50, 24, "same", 1), (25, 12, "same", 50), (0, 0, "confusable", 70), (0, 0, "other", 40),
        (51, 0, "same", 0), (0, 25, "same", 0), (50, 0, "same", 40), (0, 24, "same", 60),
    ],
)  # fmt: skip
def test_similarity_falls_with_distance_and_time(metres, hours, kinship, score):
    assert similarity(metres=metres, hours=hours, reach=Reach(), kinship=kinship) == score


def test_a_degree_of_latitude_is_111_km():
    assert distance_m(120, 30, 120, 31) == pytest.approx(111_195, abs=5)
    assert distance_m(120, 30, 121, 30) == pytest.approx(96_297, abs=30)


def facts(**given):
    good = {"kind": "2", "class_code": "06010", "division_code": "330102001001", "grid_code": "330102001001001"}
    return Facts(**{**good, "at": MONDAY, **given})


@pytest.mark.parametrize(
    ("fields", "at", "expected"),
    [
        ({}, MONDAY, True),
        ({"class_code": "06"}, MONDAY, True),
        ({"class_code": "06010", "kind": "2"}, MONDAY, True),
        ({"class_code": "06010", "kind": "1"}, MONDAY, False),
        ({"class_code": "07"}, MONDAY, False),
        ({"area": "330102"}, MONDAY, True),
        ({"area": "330102001001001"}, MONDAY, True),
        ({"area": "330103"}, MONDAY, False),
        ({"weekdays": (1,)}, MONDAY, True),
        ({"weekdays": (2, 3)}, MONDAY, False),
        ({"starts_at": dt.time(8), "ends_at": dt.time(10)}, MONDAY, False),
        ({"starts_at": dt.time(10), "ends_at": dt.time(11)}, MONDAY, True),
        ({"starts_at": dt.time(20), "ends_at": dt.time(6), "weekdays": (7,)}, MONDAY.replace(hour=2), True),
        ({"starts_at": dt.time(20), "ends_at": dt.time(6), "weekdays": (1,)}, MONDAY.replace(hour=2), False),
        ({"starts_at": dt.time(20), "ends_at": dt.time(6), "weekdays": (1,)}, MONDAY.replace(hour=21), True),
        ({"valid_from": dt.date(2026, 11, 24)}, MONDAY, False),
        ({"valid_to": dt.date(2026, 11, 23)}, MONDAY, True),
        ({"valid_to": dt.date(2026, 11, 22)}, MONDAY, False),
    ],
)
def test_a_row_of_the_duty_table_holds(fields, at, expected):
    assert holds(Duty("A", **fields), facts(at=at)) is expected


def test_the_most_specific_row_comes_first_and_an_organisation_once():
    rows = [
        Duty("ANY"), Duty("MAJOR", class_code="06"), Duty("SMALL", class_code="06010"),
        Duty("PLACE", class_code="06010", area="330102"), Duty("NIGHT", class_code="06010", area="330102",
        starts_at=dt.time(9), ends_at=dt.time(12)), Duty("ANY", class_code="06010", area="330102001001001"),
        Duty("OTHER", class_code="08"),
    ]  # fmt: skip
    assert [one.org_code for one in best_first(rows, facts())] == ["ANY", "NIGHT", "PLACE", "SMALL", "MAJOR"]


def test_of_rows_alike_the_later_beginning_wins():
    old, new = Duty("OLD", valid_from=dt.date(2025, 1, 1)), Duty("NEW", valid_from=dt.date(2026, 1, 1))
    assert [one.org_code for one in best_first([old, new], facts())] == ["NEW", "OLD"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, "conflict"),
        ({"class_code": "06"}, {"class_code": "06010"}, "refines"),
        ({"class_code": "06"}, {"class_code": "07"}, ""),
        ({"area": "330102"}, {"area": "330103"}, ""),
        ({"area": "330102"}, {"area": "330102001"}, "refines"),
        ({"weekdays": (1, 2)}, {"weekdays": (3,)}, ""),
        ({"weekdays": (1, 2)}, {"weekdays": (2,)}, "conflict"),
        ({"starts_at": dt.time(8), "ends_at": dt.time(12)}, {"starts_at": dt.time(12), "ends_at": dt.time(18)}, ""),
        (
            {"starts_at": dt.time(22), "ends_at": dt.time(6)},
            {"starts_at": dt.time(5), "ends_at": dt.time(9)},
            "conflict",
        ),
        ({"valid_to": dt.date(2026, 1, 1)}, {"valid_from": dt.date(2026, 1, 2)}, ""),
        ({"class_code": "01001", "kind": "1"}, {"class_code": "01001", "kind": "2"}, ""),
    ],
)
def test_overlaps_are_told_apart(one, other, expected):
    assert overlap(Duty("A", **one), Duty("B", **other)) == expected
    assert overlap(Duty("B", **other), Duty("A", **one)) == expected
    assert overlap(Duty("A", **one), Duty("A", **other)) == ""


@pytest.mark.parametrize(
    ("outcome", "facts", "words"),
    [
        (Outcome.CLOSED, {"close_type": "1"}, "问题已解决"),
        (Outcome.CLOSED, {"close_type": "?"}, "已办结"),
        (Outcome.REJECTED, {"reason": "03"}, "未发现所反映的情况"),
        (Outcome.VOIDED, {}, "不再办理"),
    ],
)
def test_an_answer_says_when_what_where_and_how_it_ended(outcome, facts, words):
    text = answer_text(outcome, day="2026年11月1日", matter="暴露垃圾", place="测试路1号", **facts)
    assert all(part in text for part in ("2026年11月1日", "暴露垃圾", "测试路1号", words))


def test_collectors_cameras_and_devices_wait_for_no_answer():
    assert not {"01", "04", "05", "12"} & set(CHANNEL_OF)


@pytest.mark.parametrize(
    ("typed", "rank"),
    [
        ("bllj", 0), ("baolu", 0), ("bao lu la ji", 0), ("BaoLuLaJi", 0), ("lj", 1), ("laji", 1), ("aji", None),
        ("x", None), ("l", None), ("", None),
    ],
)  # fmt: skip
def test_a_name_is_found_by_pinyin_at_syllables_only(typed, rank):
    assert pinyin_rank("暴露垃圾", typed) == rank


def test_spellings_know_words_of_several_readings_and_leave_signs_out():
    assert spelt("道路遗撒（洒）") == ("daoluyisasa", "dlyss")
    assert spelt("行道树")[0] == "xingdaoshu"
    assert spelt("银行") == ("yinhang", "yh")
    assert spelt("紧急报警点SOS")[0] == "jinjibaojingdiansos"
    assert is_spelling("ba o'lu")
    assert not is_spelling("垃圾lj")
    assert not is_spelling("06")


def test_a_name_is_said_in_several_ways():
    assert {"垃圾站满溢", "垃圾箱满溢"} <= spoken("垃圾站（箱）满溢")
    assert "供水井盖" in spoken("供水井盖异常")
    assert {"私设地锁", "阻车桩"} <= spoken("私设地锁、阻车桩")


def test_words_leave_out_what_says_nothing_and_the_address():
    assert "暴露" in words_of("巡查至路口,发现暴露垃圾。") or "暴露垃圾" in words_of("巡查至路口,发现暴露垃圾。")
    assert not {"发现", "路口"} & set(words_of("巡查至路口,发现暴露垃圾。"))
    assert not {"解放", "解放路"} & learnable("解放路有油烟", "解放路")


def test_suggestions_say_which_words_counted_and_share_a_hundred():
    index = Index(
        [
            Known("2-06010", "暴露垃圾", frozenset({"一堆垃圾"})),
            Known("2-06042", "垃圾站（箱）满溢", frozenset({"垃圾桶满"})),
            Known("2-06028", "噪声扰民", learnt={"唢呐": 9}),
            Known("2-06029", "露天烧烤", learnt={"唢呐": 1}),
        ]
    )
    first, *_rest = index.suggest("楼下垃圾桶满了没人收")
    assert (first.key, first.reasons[0]) == ("2-06042", ("垃圾桶满", "alias"))
    assert index.suggest("半夜吹唢呐")[0].key == "2-06028"
    assert sum(one.share for one in index.suggest("一堆垃圾和噪声扰民")) in (99, 100, 101)
    assert index.suggest("毫不相干") == []
    assert index.suggest("") == []
