"""Sources of a report 来源规则: what each one must bring, and what happens to its report next (grid.md §4.2 row 2).

The defaults are a local sample 本地样例: sources agree that reports of the public and the media are verified on site
before they are filed and that a collector's own may skip it; the rest is a city's decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class NextStep(StrEnum):
    """What follows a registration."""

    WAIT = "reported"
    """It waits for an acceptor."""
    VERIFY = "send_verify"
    """A collector looks at it on site before anything else."""
    ACCEPT = "accept"
    """It goes on to filing at once."""
    FILE = "file"
    """It is accepted and filed at once."""


@dataclass(frozen=True)
class SourceTerms:
    """The rule of one source (CL_CASESRC)."""

    source: str
    verify_first: bool = False
    """Verified on site before filing 先核实."""
    auto_accept: bool = False
    """Accepted without an acceptor looking at it 自动受理."""
    needs_photo: bool = False
    needs_reporter: bool = False
    """Somebody must be named who gets the answer 须留反映人."""
    may_file_directly: bool = False
    """Filed in the same act where who takes it in may file 可直接立案."""
    number_is_unique: bool = False
    """The source's own number names the matter: the same number again is the same case 来源单号不重复."""
    min_confidence: Decimal | None = None
    """Accepted by itself from this confidence (0 to 1) on; below it a collector looks first 置信度门槛."""
    default_urgency: str = "3"
    roles: tuple[str, ...] = ()
    """Codes of the roles that may bring it in; none means everybody who may register."""


DESK_ROLES = ("acceptor", "duty_leader", "hotline")
DEFAULTS: Mapping[str, SourceTerms] = {
    terms.source: terms
    for terms in (
        SourceTerms("01", needs_photo=True, roles=("collector", "acceptor", "duty_leader")),
        SourceTerms("02", verify_first=True, roles=DESK_ROLES),
        SourceTerms("03", verify_first=True),
        SourceTerms("04", verify_first=True, number_is_unique=True, min_confidence=Decimal("0.90")),
        SourceTerms("05", auto_accept=True, number_is_unique=True, default_urgency="2"),
        SourceTerms(
            "06", auto_accept=True, may_file_directly=True, default_urgency="2", roles=("duty_leader", "acceptor")
        ),
        SourceTerms("07", auto_accept=True, number_is_unique=True, default_urgency="2"),
        SourceTerms("08", number_is_unique=True),
        SourceTerms("09", verify_first=True, roles=("acceptor", "duty_leader", "hotline", "monitor")),
        SourceTerms("10", verify_first=True, needs_reporter=True, roles=DESK_ROLES),
        SourceTerms("11"),
        SourceTerms("12"),
        SourceTerms("99", verify_first=True),
    )
}
"""Source → rule, where the city has not written its own."""


def after_report(
    terms: SourceTerms,
    *,
    confidence: Decimal | None = None,
    seen_on_site: bool = False,
    may_file: bool = False,
) -> NextStep:
    """What follows the registration of a report from this source.

    ``confidence`` (0 to 1) comes with findings of cameras and devices: with a threshold in the rule it decides alone
    between accepting and verifying, and a finding without one is verified. ``seen_on_site``: somebody of the city's
    own stood before it, so it needs no second look. ``may_file``: who takes it in may file.
    """
    if terms.min_confidence is not None:
        sure = confidence is not None and confidence >= terms.min_confidence
        return NextStep.ACCEPT if sure else NextStep.VERIFY
    if terms.verify_first and not seen_on_site:
        return NextStep.VERIFY
    if not terms.auto_accept:
        return NextStep.WAIT
    return NextStep.FILE if terms.may_file_directly and may_file else NextStep.ACCEPT


@dataclass(frozen=True)
class Lack:
    """Something a source must bring and did not: field, stable code."""

    field: str
    code: str


def lacks_of(terms: SourceTerms, *, has_photo: bool, has_reporter: bool, has_number: bool) -> list[Lack]:
    """What a report misses by the rule of its source; a source whose number is unique must give one."""
    found = []
    if terms.needs_photo and not has_photo:
        found.append(Lack("media", "photo_required"))
    if terms.needs_reporter and not has_reporter:
        found.append(Lack("reporter", "reporter_required"))
    if terms.number_is_unique and terms.min_confidence is not None and not has_number:
        found.append(Lack("source_no", "number_required"))
    return found


def may_bring(terms: SourceTerms, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles may bring in a report of this source."""
    return not terms.roles or bool(roles & set(terms.roles))
