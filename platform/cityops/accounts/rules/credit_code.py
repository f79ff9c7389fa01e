"""统一社会信用代码: 18 characters that identify an organisation, the last one a check digit (GB 32100-2015)."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters; I, O, S, V and Z are left out because they are misread."""
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
"""3 to the power of the position, modulo 31."""


def check_character(first: str) -> str:
    """The 18th character for the first 17. Raises ValueError for other lengths and characters."""
    if len(first) != len(WEIGHTS):
        raise ValueError(f"{first!r}: 17 characters are expected before the check character.")
    total = sum(weight * ALPHABET.index(character) for weight, character in zip(WEIGHTS, first, strict=True))
    return ALPHABET[-total % 31]


def is_valid(code: str) -> bool:
    """Whether ``code`` is 18 characters of the alphabet with the right check character."""
    if len(code) != 18 or any(character not in ALPHABET for character in code):
        return False
    return check_character(code[:17]) == code[17]
