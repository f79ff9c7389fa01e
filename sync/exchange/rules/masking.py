"""Numbers of persons in free text 脱敏: telephone, identity card, number plate; masked where a record leaves its node.

A name cannot be told from other words, so it is never asked for in a field that travels. Masking what is masked changes
nothing: both ends compute the same digest, the owner from its own words, the holder from the masked ones.
"""

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
"""What plates begin with."""
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])", "[证件号]"),
    (r"(?<![0-9])(?:86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])", "[电话]"),
    (r"(?<![0-9])0[0-9]{2,3}[ -][0-9]{7,8}(?![0-9])", "[电话]"),
    (f"[{PROVINCES}][A-HJ-NP-Z][ ·.]?[A-HJ-NP-Z0-9]{{5,6}}(?![A-Za-z0-9])", "[车牌]"),
)
"""(regular expression that PostgreSQL and Python read alike, what stands there instead)."""


SUSPECT = f"[0-9]{{7}}|[0-9][ -][0-9]{{4}}|[{PROVINCES}][A-HJ-NP-Z]"
"""What every text with such a number contains: seven digits in a row, a group of four after a gap, a plate's beginning.
One look costs a quarter of the four replacements.
"""


def masked_sql(expression: str) -> str:
    """SQL of a text without numbers of persons; a text that cannot hold one is not looked through."""
    found = expression
    for pattern, instead in PATTERNS:
        found = f"regexp_replace({found}, '{pattern}', '{instead}', 'g')"
    return f"CASE WHEN {expression} ~ '{SUSPECT}' THEN {found} ELSE {expression} END"
