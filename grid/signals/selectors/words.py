"""What a signal says, in sentences made of its numbers: what was seen, how it is counted, what may explain it."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from grid.signals.models import Signal
from grid.signals.rules.kinds import Kind

SEEN: dict[Kind, str | Promise] = {
    Kind.SAME_PHOTO: _(
        "案件 %(case)s 的一张照片与案件 %(other)s 的一张照片几乎相同（64 位感知哈希相差 %(bits)s 位，门槛 "
        "%(threshold)s 位），两案相距 %(metres)s 米。"
    ),
    Kind.UNCHANGED: _(
        "案件 %(case)s 处置后的照片与处置前的照片几乎相同（64 位感知哈希相差 %(bits)s 位，门槛 %(threshold)s 位）。"
    ),
    Kind.FAR_PHOTO: _("案件 %(case)s 的一张照片标注的位置距案发地 %(metres)s 米（门槛 %(threshold)s 米）。"),
    Kind.BUNCHED: _(
        "按期处置的 %(in_time)s 件中，有 %(at_the_end)s 件（%(share)s%%）在时限最后 %(last_percent)s%% 的时间里反馈"
        "（门槛 %(threshold)s%%）。"
    ),
    Kind.TRAVEL: _(
        "%(day)s 同一账号的相邻两张照片（案件 %(other)s 与 %(case)s）相距 %(metres)s 米，间隔 %(seconds)s 秒，合每小时 "
        "%(kmh)s 公里（门槛 %(threshold)s 公里）。"
    ),
    Kind.QUIET_GRID: _(
        "网格 %(grid)s 在这段时间里采集员上报 %(reports)s 件，相邻 %(neighbours)s 个网格平均 %(neighbour_mean)s 件。"
    ),
    Kind.PAIR: _(
        "同一核查人对同一单位的 %(checks)s 次核查全部通过；按该单位被其他人核查的情况，应有约 "
        "%(expected_failures)s 次不通过，全部通过的机会为万分之 %(chance_per_10000)s（门槛万分之 %(threshold)s）。"
    ),
}
INNOCENT: dict[Kind, str | Promise] = {
    Kind.SAME_PHOTO: _("可能的正常原因：同一问题从两个渠道上报而没有并案；误选了上一案的照片；模板图或画面单调。"),
    Kind.UNCHANGED: _("可能的正常原因：误传了处置前的照片；问题本身不可见（噪声、气味）；离线重传。"),
    Kind.FAR_PHOTO: _("可能的正常原因：定位漂移；回到办公室后补传；案件坐标是地址估算的。"),
    Kind.BUNCHED: _("可能的正常原因：白天处置、傍晚统一反馈；时限本来就短；任务多、人手少。"),
    Kind.TRAVEL: _("可能的正常原因：两人共用一个账号（应另行纠正）；手机时间不准；定位漂移。"),
    Kind.QUIET_GRID: _("可能的正常原因：网格内是水面、工地或封闭单位；网格管得好；采集员休假。"),
    Kind.PAIR: _("可能的正常原因：该单位在这个核查人的片区里做得好；疑难案件分给了别人。"),
}
COUNTED: dict[Kind, str | Promise] = {
    Kind.SAME_PHOTO: _("按照片的感知哈希比对；并案、上一轮和相距很近的案件不比，画面没有结构的照片不比。"),
    Kind.UNCHANGED: _("同一案件内，处置后、核查照片与上报、核实照片比对感知哈希。"),
    Kind.FAR_PHOTO: _("用终端声明的拍摄位置与案件坐标的距离；没有位置的照片不看。"),
    Kind.BUNCHED: _("按处置单位计：处置完成时间在“派遣到处置截止”这段时间的末尾。不按个人计。"),
    Kind.TRAVEL: _(
        "按账号把上报、核实、核查照片依拍摄时间排列，看相邻两张的距离和间隔；每人每天最多一条。处置单位共用账号上传的处置照片不看。"
    ),
    Kind.QUIET_GRID: _("按采集员上报数，与 30 米内相邻的网格（至少 3 个）比较；这段时间里新建的网格不看。"),
    Kind.PAIR: _(
        "预期不通过的比例取该单位被其他人核查时的；该核查人对其他单位比平均宽，则按比例调低。没有可比的就不出。"
    ),
}
"""How each kind is counted, for the page of settings."""
PARAMETER_NAMES: dict[str, str | Promise] = {
    "bits": _("感知哈希最多相差（位）"),
    "apart_metres": _("相距至少（米）"),
    "history_days": _("与多少天内的照片比"),
    "metres": _("距离门槛（米）"),
    "least": _("最少件数"),
    "last_percent": _("时限末尾（%）"),
    "share_percent": _("占比门槛（%）"),
    "speed_kmh": _("速度门槛（公里/时）"),
    "neighbour_mean": _("相邻网格平均件数至少"),
    "chance_per_10000": _("机会门槛（万分之）"),
}


def sentence(kind: Kind | str, facts: Mapping[str, Any]) -> str:
    """What was seen, in one sentence."""
    return str(SEEN[Kind(kind)]) % facts


def sentence_of(signal: Signal) -> str:
    """What was seen, of a stored signal."""
    return sentence(signal.kind, signal.facts)


def innocent(kind: Kind | str) -> str:
    """What may explain it without anybody having done wrong."""
    return str(INNOCENT[Kind(kind)])


def subject_words(signal: Signal, *, with_person: bool = False) -> str:
    """Whom or what it is about; a person only as the operator's number, and only for who may know."""
    if signal.case_id:
        cases = [str(signal.facts.get("case", "")), str(signal.facts.get("other", ""))]
        return "、".join(one for one in cases if one)
    if signal.grid_code:
        return signal.grid_code
    parts = [signal.org_code] if signal.org_code else []
    if signal.person_id and with_person:
        parts.append(_now("操作员 %s") % signal.person_id)
    return " · ".join(parts)
