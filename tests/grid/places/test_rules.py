"""Reading and matching addresses, by table, without a database; and 8,471 real addresses."""

import csv
import gzip

import pytest

from grid.places.rules.addresses import Parts, door_key, split_address
from grid.places.rules.bearings import distance_m, side_of
from grid.places.rules.matching import Known, Verdict, doors_around, numbers_apart, score, verdict
from grid.places.rules.names import initials, is_initials, keys_of
from grid.places.rules.regions import Gazetteer, short_name
from grid.places.rules.writing import aliases, normalise, numeral

NAMES = Gazetteer(
    [
        ("330000000000", "浙江省", 2),
        ("330100000000", "杭州市", 3),
        ("330106000000", "西湖区", 4),
        ("330105000000", "拱墅区", 4),
        ("330106109000", "文新街道", 5),
        ("330106109001", "竞舟社区", 6),
        ("330200000000", "宁波市", 3),
        ("330203000000", "海曙区", 4),
        ("310000000000", "上海市", 2),
        ("310107000000", "普陀区", 4),
        ("330903000000", "普陀区", 4),
    ]
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("中山路１０号", "中山路10号"),
        ("中山路十号", "中山路10号"),
        ("中山路 10 号", "中山路10号"),
        ("中山路10号，3号楼（东门）", "中山路10号3幢"),
        ("3栋", "3幢"),
        ("3幢", "3幢"),
        ("三号楼二单元四〇一室", "3幢2单元401室"),
        ("十二楼", "12层"),
        ("8F", "8层"),
        ("A座", "a座"),
        ("三里河路", "三里河路"),
        ("中山一路5号", "中山一路5号"),
        ("8—10号", "8-10号"),
        ("（东门）", "东门"),
        ("미니소 Häagen-Dazs", "미니소häagen-dazs"),
        ("　", ""),
        ("!?", ""),
    ],
)
def test_one_way_of_writing(text, said):
    assert normalise(text) == said


@pytest.mark.parametrize(
    ("text", "number"), [("十", 10), ("十二", 12), ("二十", 20), ("一百零五", 105), ("二〇三", 203)]
)
def test_numerals(text, number):
    assert numeral(text) == number


@pytest.mark.parametrize(
    ("text", "regions", "rest"),
    [
        ("浙江省杭州市西湖区文新街道竞舟社区文一西路1号", ("330106109001",), "文一西路1号"),
        ("杭州西湖区文一西路1号", ("330106",), "文一西路1号"),
        ("杭州拱墅区石祥路589号", ("330105",), "石祥路589号"),
        ("西湖区文一西路1号", ("330106",), "文一西路1号"),
        ("上海普陀铜川路70号", ("310107",), "铜川路70号"),
        ("普陀区铜川路70号", ("310107", "330903"), "铜川路70号"),  # two of that name
        ("杭州路88号", (), "杭州路88号"),  # a street, not the city
        ("文一西路1号", (), "文一西路1号"),
        ("西湖文化广场", (), "西湖文化广场"),
    ],
)
def test_the_region_is_taken_off(text, regions, rest):
    head = NAMES.read(text)
    assert (head.codes, head.rest) == (regions, rest)


def test_a_city_that_nobody_knows_is_foreign():
    assert NAMES.read("广州市越秀区水荫路52号").is_foreign
    assert not NAMES.read("文一西路52号").is_foreign


@pytest.mark.parametrize(
    ("name", "short"),
    [("杭州市", "杭州"), ("西湖区", "西湖"), ("文新街道", "文新"), ("吉县", "吉县"), ("内蒙古自治区", "内蒙古")],
)
def test_short_names(name, short):
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("杭州市滨江区网商路599号 网易大厦", {"street": "网商路", "number": "599", "name": "网易大厦"}),
        ("沪松公路1136弄1号楼10楼", {"street": "沪松公路", "lane": "1136", "building": "1", "floor": "10层"}),
        ("金沙江路1628弄1号1906", {"street": "金沙江路", "lane": "1628", "number": "1", "room": "1906"}),
        ("石祥路589号海外海杭州商城4幢2单元301室", {"number": "589", "building": "4", "unit": "2", "room": "301"}),
        ("中关村北大街甲28号海淀文化艺术大厦A座九层", {"number": "甲28", "building": "a", "floor": "9层"}),
        ("长兴路8-10号网即通大厦", {"street": "长兴路", "number": "8-10", "name": "网即通大厦"}),
        ("科学大道中99号科汇金谷", {"street": "科学大道中", "number": "99", "name": "科汇金谷"}),
        ("光谷软件园关山大道1号", {"street": "关山大道", "number": "1", "name": "光谷软件园"}),
        ("文一西路1号附近", {"street": "文一西路", "number": "1", "nearby": "附近"}),
        ("文一西路东侧30米处", {"street": "文一西路", "nearby": "东侧30米处"}),
        ("网易大厦", {"name": "网易大厦", "street": ""}),
        ("", {"text": "", "name": ""}),
    ],
)
def test_addresses_are_taken_apart(text, parts):
    found = split_address(text, NAMES)
    assert {name: getattr(found, name) for name in parts} == parts


def test_doors_have_keys():
    assert door_key("中山路", "1136", "1") == "中山路 1136弄 1号"
    around = doors_around(Parts(street="中山路", number="13"))
    assert {"中山路 13号", "中山路 1号", "中山路 53号", "中山路"} <= set(around)
    assert "中山路 12号" not in around
    assert doors_around(Parts(name="网易大厦")) == []


def known(name, address="", **fields):
    return Known(names=(name,), address=split_address(address or name, NAMES), division_code="330106109001", **fields)


@pytest.mark.parametrize(
    ("text", "place", "least", "most"),
    [
        ("网易大厦", known("网易大厦"), 1.0, 1.0),
        ("西湖区网商路599号", known("网商路599号"), 0.97, 1.0),
        ("网商路599号网易大厦", known("网易大厦", "网商路599号"), 1.0, 1.0),
        ("网商路601号", known("网商路599号"), 0.8, 0.9),
        ("网商路625号", known("网商路599号"), 0.6, 0.79),
        ("网商路600号", known("网商路599号"), 0.5, 0.79),
        ("网商路", known("网商路599号"), 0.55, 0.79),
        ("网商路599号3幢", known("网商路599号5幢", "网商路599号5幢"), 0.8, 0.9),
        ("海曙区网商路599号", known("网商路599号"), 0.5, 0.79),
        ("广州市网商路599号", known("网商路599号"), 0.5, 0.79),
        ("网易大楼", known("网易大厦"), 0.5, 0.79),
        ("wyds", known("网易大厦"), 0.9, 0.9),
        ("杭州海关", known("杭州海关"), 1.0, 1.0),  # a name that begins with a region
        ("宁波市驻杭办事处", known("宁波市驻杭办事处"), 1.0, 1.0),
        ("文一西路1号", known("网易大厦", "网商路599号"), 0.0, 0.3),
        ("网易大厦", known("网易大厦", is_historical=True), 0.98, 0.995),
    ],
)
def test_scores(text, place, least, most):
    assert least <= score(split_address(text, NAMES), place).score <= most


def test_door_numbers_apart():
    assert (numbers_apart("甲28", "30"), numbers_apart("8-10", "12"), numbers_apart("8", "9")) == (2, 4, None)
    assert numbers_apart("", "9") is None


HERE, CLOSE, FAR = (120.0, 30.0), (120.0005, 30.0), (120.01, 30.0)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], Verdict.MISSING),
        ([(0.5, HERE)], Verdict.MISSING),
        ([(0.7, HERE)], Verdict.AMBIGUOUS),
        ([(1.0, HERE)], Verdict.FOUND),
        ([(1.0, HERE), (1.0, CLOSE)], Verdict.FOUND),
        ([(1.0, HERE), (1.0, FAR)], Verdict.AMBIGUOUS),
        ([(1.0, HERE), (0.9, FAR)], Verdict.FOUND),
    ],
)
def test_verdicts(answers, said):
    assert verdict(answers) is said


@pytest.mark.parametrize(
    ("east", "north", "side"),
    [(30, 0, "E"), (-30, 0, "W"), (0, 30, "N"), (0, -30, "S"), (30, 30, "NE"), (-30, -30, "SW"), (1, 1, "")],
)
def test_sides(east, north, side):
    point = (120.0 + east / 96_300, 30.0 + north / 111_195)
    assert side_of((120.0, 30.0), point) == side
    assert distance_m((120.0, 30.0), point) == pytest.approx((east**2 + north**2) ** 0.5, abs=0.2)


def test_names_and_initials():
    assert initials("西湖文化广场") == "xhwhgc"
    assert is_initials("xhwhgc")
    assert not is_initials("x")
    assert not is_initials("西湖")
    assert aliases("武林广场、 红太阳广场；旧名") == ("武林广场", "红太阳广场", "旧名")
    keys = keys_of("西湖文化广场", "武林广场", split_address("中山北路581号", NAMES))
    assert keys.names == ("西湖文化广场", "武林广场")
    assert keys.door == "中山北路 581号"
    assert {"文化", "xhwhgc", "wlgc", "中山北路", "581号"} <= set(keys.search.split())


# --- real addresses


@pytest.fixture(scope="module")
def nation(shared_data):
    with gzip.open(shared_data / "admin_cn" / "divisions_2026.csv.gz", "rt", encoding="utf-8") as file:
        rows = [(row["code"], row["name"], int(row["level"]) + 1) for row in csv.DictReader(file)]
    return Gazetteer(row for row in rows if row[2] <= 4)


@pytest.fixture(scope="module")
def addresses(shared_data):
    with gzip.open(shared_data / "addresses" / "cn_company_addresses_dev.csv.gz", "rt", encoding="utf-8") as file:
        return [row["原始地址"] for row in csv.DictReader(file)]


def test_8_471_real_addresses_are_read_and_most_say_where_they_are(nation, addresses):
    found = [split_address(address, nation) for address in addresses]
    assert len(found) == 8_471
    clear = sum(len(parts.regions) == 1 for parts in found) / len(found)
    county = sum(len(parts.regions) == 1 and len(parts.regions[0]) == 6 for parts in found) / len(found)
    street = sum(bool(parts.street) for parts in found) / len(found)
    assert clear > 0.80, clear
    assert county > 0.60, county
    assert street > 0.75, street
    whole = [a for a in addresses if a.startswith(("北京市", "上海市", "杭州市", "深圳市", "广州市", "成都市"))]
    right = {"北京市": "11", "上海市": "31", "杭州市": "3301", "深圳市": "4403", "广州市": "4401", "成都市": "5101"}
    wrong = [
        a for a in whole if not all(c.startswith(right[a[:3]]) for c in split_address(a, nation).regions or ("x",))
    ]
    assert len(wrong) / len(whole) < 0.005, wrong[:20]
    assert len(whole) > 2_500
