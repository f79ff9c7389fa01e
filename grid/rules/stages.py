"""Stages of a case (GB/T 30428.8; values are the codes of CL_CASESTATE)."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a case stands; values are the codes of CL_CASESTATE."""

    REPORTED = "10"
    VERIFYING = "12"
    ACCEPTED = "30"
    REJECTED = "31"
    FILED = "40"
    RETURNED = "41"
    DISPATCHED = "45"
    HANDLING = "50"
    SUSPENDED = "52"
    FEEDBACK = "60"
    CHECKING = "61"
    TO_CLOSE = "70"
    CLOSED = "80"
    SELF_CLOSED = "81"
    VOIDED = "90"
    MERGED = "91"


FINAL_STAGES = frozenset({Stage.REJECTED, Stage.CLOSED, Stage.SELF_CLOSED, Stage.VOIDED, Stage.MERGED})
OPEN_STAGES = tuple(stage.value for stage in Stage if stage not in FINAL_STAGES)
