"""What is shown of a person unless somebody opens the record: 张**, 138****5678, an address down to the road.

Personal Information Protection Law art. 51; security notes c.4.
"""

import re

STAR = "*"
_ROAD = re.compile(r"^(.*?(?:大道|大街|公路|胡同|路|街|巷|弄|里|道|村|小区|社区|镇|乡))")
"""The shortest beginning that ends with the word of a road, lane, village or estate."""
SHORTEST_NUMBER = 7
"""Digits below which a number is hidden whole."""


def digits_of(text: str) -> str:
    """The digits of a telephone number, without what is written between them and without the country's 86."""
    digits = "".join(letter for letter in text if letter.isascii() and letter.isdecimal())
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) == 11:
            return digits[len(prefix) :]
    return digits


def masked_name(name: str) -> str:
    """张某某 → 张**: the first letter and two stars, however long the name is."""
    name = name.strip()
    return name[0] + STAR * 2 if name else ""


def masked_phone(phone: str) -> str:
    """13812345678 → 138****5678; of shorter numbers the last two digits; of very short ones nothing."""
    digits = digits_of(phone)
    if len(digits) >= 11:
        return digits[:3] + STAR * (len(digits) - 7) + digits[-4:]
    if len(digits) >= SHORTEST_NUMBER:
        return STAR * (len(digits) - 2) + digits[-2:]
    return STAR * 4 if phone.strip() else ""


def masked_address(address: str) -> str:
    """文三路138号2幢301室 → 文三路**; without a road the first six letters at most, and never all of them."""
    address = address.strip()
    if not address:
        return ""
    road = _ROAD.match(address)
    shown = road.group(1) if road else address[: min(6, len(address) // 2)]
    return shown + STAR * 2


def masked_email(email: str) -> str:
    """li@example.cn → l***@example.cn."""
    name, at, host = email.strip().partition("@")
    return f"{name[:1]}{STAR * 3}{at}{host}" if name else ""


def tells_on(text: str, *, name: str = "", phone: str = "") -> bool:
    """Whether a text holds the name or the number of somebody, however the number is spaced."""
    digits = digits_of(phone)
    spaced = "".join(letter for letter in text if letter.isascii() and letter.isdecimal())
    return bool(
        (len(name.strip()) > 1 and name.strip() in text) or (len(digits) >= SHORTEST_NUMBER and digits in spaced)
    )
