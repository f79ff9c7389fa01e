"""Codes of the ground, by table and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.rules import codes

NEW, OLD = codes.CURRENT, codes.GBT_30428
digits = st.text(alphabet="0123456789", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "community", "sequence", "legacy"),
    [
        ("330102001001001", "330102001001", "001", False),
        ("330102001001999", "330102001001", "999", False),
        ("33010200100107", "330102001001", "07", True),
    ],
)
def test_a_grid_code_is_its_community_and_its_sequence(text, community, sequence, legacy):
    code = codes.parse_grid_code(text)
    assert (code.community, code.sequence, code.is_legacy, code.text) == (community, sequence, legacy, text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("3301020010010", "code_length"),
        ("3301020010010011", "code_length"),
        ("330102001001000", "code_sequence"),
        ("33010200100100", "code_sequence"),
        ("33010200100A001", "code_form"),
        ("", "code_form"),
        ("330102001001００1", "code_form"),
    ],
)
def test_what_is_no_grid_code_is_refused_with_its_rule(text, rule):
    with pytest.raises(codes.CodeFault) as refused:
        codes.parse_grid_code(text)
    assert refused.value.rule == rule
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("text", "std_ref", "class_code"),
    [
        ("33010201001000001", NEW, "01001"),
        ("3301020101000001", OLD, "0101"),
        ("3301020101000001", codes.CJT_214, "0101"),
        ("33010201901000007", "DB3301", "01901"),
        ("3301022101000007", "DB3301", "2101"),
    ],
)
def test_a_component_id_is_read_by_its_standard(text, std_ref, class_code):
    code = codes.parse_component_id(text, std_ref)
    assert (code.county, code.class_code, code.text) == ("330102", class_code, text)


@pytest.mark.parametrize(
    ("text", "std_ref", "other"),
    [
        ("3301020101000001", NEW, OLD),
        ("33010201001000001", OLD, NEW),
        ("33010201001000001", codes.CJT_214, NEW),
    ],
)
def test_sixteen_digits_are_never_read_as_seventeen_nor_the_other_way(text, std_ref, other):
    with pytest.raises(codes.CodeFault) as refused:
        codes.parse_component_id(text, std_ref)
    assert refused.value.rule == "code_length"
    assert other in refused.value.remedy
    assert "std_ref" in refused.value.remedy


@pytest.mark.parametrize("text", ["330102010010000011", "330102010100000", "33010201001000000"])
def test_other_lengths_and_a_zero_sequence_are_refused(text):
    with pytest.raises(codes.CodeFault):
        codes.parse_component_id(text, NEW)


@pytest.mark.parametrize(
    ("text", "std_ref", "ok"),
    [
        ("33010206013", NEW, True),
        ("3301020601", OLD, True),
        ("3301020601", NEW, False),
        ("33010206013", OLD, False),
        ("330102", NEW, False),
    ],
)
def test_a_matter_code_is_read_by_its_standard(text, std_ref, ok):
    if ok:
        assert codes.parse_matter_code(text, std_ref).text == text
    else:
        with pytest.raises(codes.CodeFault):
            codes.parse_matter_code(text, std_ref)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.integers(-5, 1100))
def test_a_built_grid_code_reads_back_or_is_refused(community, sequence):
    if 1 <= sequence <= 999:
        code = codes.parse_grid_code(codes.build_grid_code(community, sequence))
        assert (code.community, int(code.sequence)) == (community, sequence)
    else:
        with pytest.raises(codes.CodeFault):
            codes.build_grid_code(community, sequence)


@given(
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.sampled_from([(NEW, 5), (OLD, 4), (codes.CJT_214, 4)]),
    st.integers(0, 99999),
    st.integers(1, 999_999),
)
def test_a_built_component_id_reads_back_and_no_other_standard_reads_it(county, standard, number, sequence):
    std_ref, length = standard
    class_code = f"{number:05d}"[:length]
    text = codes.build_component_id(county, class_code, sequence, std_ref)
    assert codes.parse_component_id(text, std_ref) == codes.ClassedCode(
        county, class_code[:2], class_code[2:], f"{sequence:06d}"
    )
    with pytest.raises(codes.CodeFault):
        codes.parse_component_id(text, OLD if std_ref == NEW else NEW)


@given(digits, st.sampled_from([NEW, OLD, "DB3301"]))
def test_whatever_is_read_is_given_back_unchanged(text, std_ref):
    for parse in (codes.parse_component_id, codes.parse_matter_code):
        try:
            code = parse(text, std_ref)
        except codes.CodeFault:
            continue
        assert code.text == text
