"""Answers 答复: what a reporter is told when the matter has ended. No names of people or offices are in them."""

from collections.abc import Mapping
from enum import StrEnum


class Outcome(StrEnum):
    """How the matter ended."""

    CLOSED = "closed"
    REJECTED = "rejected"
    VOIDED = "voided"


class Channel(StrEnum):
    """How the reporter is reached."""

    PHONE = "phone"
    APP = "app"
    LETTER = "letter"
    SYSTEM = "system"


CHANNEL_OF: Mapping[str, Channel] = {
    "02": Channel.PHONE,
    "03": Channel.APP,
    "06": Channel.LETTER,
    "07": Channel.SYSTEM,
    "08": Channel.SYSTEM,
    "09": Channel.LETTER,
    "10": Channel.LETTER,
    "11": Channel.APP,
}
"""CL_CASESRC → channel; sources that are not here (collector, camera, device, census) wait for no answer."""
OUTCOME_OF: Mapping[str, Outcome] = {"80": Outcome.CLOSED, "31": Outcome.REJECTED, "90": Outcome.VOIDED}
"""CL_CASESTATE → outcome."""
RESULTS: Mapping[str, str] = {
    "1": "经处置并现场核查,问题已解决",
    "2": "工作人员已现场处理",
    "3": "受条件限制暂不能全部解决,已按规定办结",
    "4": "需要较长时间解决,已列入计划并持续跟踪",
    "": "已办结",
}
"""CL_CLOSETYPE → words for the public."""
REFUSALS: Mapping[str, str] = {
    "01": "所反映的事项不属于城市管理范围",
    "02": "同一问题此前已有人反映并在办理",
    "03": "工作人员到现场未发现所反映的情况",
    "04": "问题已当场处理",
    "05": "所提供的信息不足以找到现场",
    "06": "该处的管理责任需要另行协调",
    "": "经核实不符合受理条件",
}
"""CL_REJECT → words for the public."""
TEXTS: Mapping[Outcome, str] = {
    Outcome.CLOSED: "您好,您于{day}反映的“{matter}”({place})已办结:{result}。感谢您对城市管理的关心。",
    Outcome.REJECTED: "您好,您于{day}反映的“{matter}”({place})未能受理:{result}。如有新的情况,欢迎再次反映。",
    Outcome.VOIDED: "您好,您于{day}反映的“{matter}”({place})经核实不再办理。如问题仍在,欢迎再次反映。",
}
"""Written in Chinese whatever the reader's language: it is spoken or sent to a citizen."""


def answer_text(outcome: Outcome, *, day: str, matter: str, place: str, close_type: str = "", reason: str = "") -> str:
    """The text for a reporter; ``close_type`` (CL_CLOSETYPE) and ``reason`` (CL_REJECT) choose the words."""
    words = RESULTS.get(close_type, RESULTS[""]) if outcome is Outcome.CLOSED else REFUSALS.get(reason, REFUSALS[""])
    return TEXTS[outcome].format(day=day, matter=matter, place=place, result=words)
