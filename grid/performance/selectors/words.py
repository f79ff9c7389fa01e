"""The base counts and units in words, for pages, exports and reports."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid.performance.rules.counts import Target
from grid.rules.periods import Kind, Period

COUNT_NAMES: dict[str, Any] = {
    "report_num": gettext_lazy("上报数"),
    "patrol_report_num": gettext_lazy("巡查上报数"),
    "public_report_num": gettext_lazy("公众上报数"),
    "valid_report_num": gettext_lazy("有效上报数"),
    "reject_num": gettext_lazy("不予立案数"),
    "register_num": gettext_lazy("立案数"),
    "public_verified_num": gettext_lazy("公众举报立案数"),
    "void_num": gettext_lazy("作废数"),
    "need_dispose_num": gettext_lazy("应处置数"),
    "dispose_num": gettext_lazy("处置数"),
    "intime_dispose_num": gettext_lazy("按期处置数"),
    "overtime_to_dispose_num": gettext_lazy("超期待处置数"),
    "disposed_num": gettext_lazy("期内处置数"),
    "rework_num": gettext_lazy("返工数"),
    "postpone_num": gettext_lazy("延期数"),
    "need_close_num": gettext_lazy("应结案数"),
    "need_close_timed_num": gettext_lazy("应结案数(有时限)"),
    "close_num": gettext_lazy("结案数"),
    "intime_close_num": gettext_lazy("按期结案数"),
    "hang_num": gettext_lazy("缓办数"),
    "closed_in_num": gettext_lazy("期内结案数"),
    "force_close_num": gettext_lazy("强制结案数"),
    "self_num": gettext_lazy("自行处置数"),
    "repeat_num": gettext_lazy("重复数"),
    "rated_num": gettext_lazy("已评价数"),
    "satisfied_num": gettext_lazy("满意数"),
    "handled_num": gettext_lazy("计时案件数"),
    "handling_seconds": gettext_lazy("处置用时(秒)"),
    "report_act_num": gettext_lazy("上报次数"),
    "valid_report_act_num": gettext_lazy("有效上报次数"),
    "accept_act_num": gettext_lazy("受理次数"),
    "register_act_num": gettext_lazy("立案次数"),
    "timed_register_num": gettext_lazy("有时限立案次数"),
    "intime_register_num": gettext_lazy("按时立案次数"),
    "void_register_num": gettext_lazy("立案后作废次数"),
    "send_verify_num": gettext_lazy("核实派发次数"),
    "timed_send_verify_num": gettext_lazy("有时限核实派发次数"),
    "intime_send_verify_num": gettext_lazy("按时核实派发次数"),
    "send_check_num": gettext_lazy("核查派发次数"),
    "timed_send_check_num": gettext_lazy("有时限核查派发次数"),
    "intime_send_check_num": gettext_lazy("按时核查派发次数"),
    "dispatch_act_num": gettext_lazy("派遣次数"),
    "redispatch_num": gettext_lazy("重新派遣次数"),
    "close_act_num": gettext_lazy("结案操作次数"),
    "timed_close_act_num": gettext_lazy("有时限结案操作次数"),
    "intime_close_act_num": gettext_lazy("按时结案操作次数"),
    "return_num": gettext_lazy("回退次数"),
    "refused_return_num": gettext_lazy("推诿次数"),
    "delay_num": gettext_lazy("批准延期次数"),
    "delay_hours": gettext_lazy("延期小时数"),
    "urge_num": gettext_lazy("催办次数"),
    "supervise_num": gettext_lazy("督办次数"),
    "reopen_num": gettext_lazy("再次立案次数"),
    "need_accept_num": gettext_lazy("应受理任务数"),
    "accept_num": gettext_lazy("已受理任务数"),
    "intime_accept_num": gettext_lazy("按时受理任务数"),
    "need_verify_num": gettext_lazy("应核实数"),
    "verify_num": gettext_lazy("核实数"),
    "intime_verify_num": gettext_lazy("按时核实数"),
    "need_dispatch_num": gettext_lazy("应派遣数"),
    "dispatch_num": gettext_lazy("已派遣数"),
    "intime_dispatch_num": gettext_lazy("按时派遣数"),
    "need_check_num": gettext_lazy("应核查数"),
    "check_num": gettext_lazy("核查数"),
    "intime_check_num": gettext_lazy("按时核查数"),
    "unit_grid_num": gettext_lazy("单元网格数"),
}
TARGET_NAMES = {
    Target.AREA: gettext_lazy("区域"),
    Target.DEPARTMENT: gettext_lazy("部门"),
    Target.POST: gettext_lazy("岗位"),
}
POST_NAMES = {
    "01": gettext_lazy("采集员"),
    "02": gettext_lazy("受理员"),
    "03": gettext_lazy("值班长"),
    "04": gettext_lazy("派遣员"),
}
KIND_NAMES = {
    Kind.DAY: gettext_lazy("日"),
    Kind.WEEK: gettext_lazy("周"),
    Kind.MONTH: gettext_lazy("月"),
    Kind.QUARTER: gettext_lazy("季"),
    Kind.HALF: gettext_lazy("半年"),
    Kind.YEAR: gettext_lazy("年"),
}
COLOUR_NAMES = {
    "green": gettext_lazy("绿"),
    "blue": gettext_lazy("蓝"),
    "yellow": gettext_lazy("黄"),
    "orange": gettext_lazy("橙"),
    "red": gettext_lazy("红"),
}
FAULTS: dict[str, Any] = {
    "document_needed": gettext_lazy("应是一个 JSON 对象"),
    "text_needed": gettext_lazy("缺少文字"),
    "number_needed": gettext_lazy("应为数字"),
    "list_needed": gettext_lazy("应为列表"),
    "rounding": gettext_lazy("取整规则只有 half_up 与 down，小数位 0 到 4"),
    "expression_length": gettext_lazy("表达式为空或过长"),
    "expression_syntax": gettext_lazy("表达式写法有误"),
    "expression_comparison": gettext_lazy("表达式不能比较大小；分档请写在 bands"),
    "expression_not_allowed": gettext_lazy("表达式只能有 + - * /、括号、基数与数字"),
    "unknown_count": gettext_lazy("没有这个基数"),
    "percent_needs_denominator": gettext_lazy("百分率要有分母"),
    "mixed_scale": gettext_lazy("百分率由系统乘以 100，公式里不要再乘"),
    "weights_sum": gettext_lazy("权重之和应为 100，现在是"),
    "indicator_twice": gettext_lazy("同一指标不能计分两次"),
    "unknown_indicator": gettext_lazy("没有这个指标"),
    "weight_between": gettext_lazy("权重应大于 0、不超过 100"),
    "scoring": gettext_lazy("计分方式只有 ratio、inverse、bands、points"),
    "percent_needed": gettext_lazy("ratio 与 inverse 只用于百分率，否则 0–1 与 0–100 会混用"),
    "last_band_open": gettext_lazy("最后一档只写 score，接住其余的值"),
    "one_limit": gettext_lazy("每档写 upto、below、least 之一"),
    "score_between": gettext_lazy("得分应在 0 与 100 之间"),
    "grade": gettext_lazy("等级只有 A–E，颜色只有 green、blue、yellow、orange、red"),
    "grades_falling_to_zero": gettext_lazy("等级应由高到低，最后一级从 0 起"),
    "code_twice": gettext_lazy("指标代码重复"),
    "provenance": gettext_lazy("出处标记只有 A、A-、B、C、designed、local"),
    "key": gettext_lazy("代码与版本合计不超过 20 个字母、数字、点或短横"),
    "objects_needed": gettext_lazy("至少要有一类评价对象"),
    "unknown_object": gettext_lazy("没有这类评价对象"),
}


def count_name(code: str) -> str:
    """A base count in words; an input that a city gives stands for itself."""
    return str(COUNT_NAMES.get(code, code))


def period_words(period: Period) -> str:
    """A period in words: 2026 年第 3 季度."""
    year, week, _day = period.first.isocalendar()
    values = {
        "year": year if period.kind is Kind.WEEK else period.first.year,
        "month": period.first.month,
        "quarter": period.quarter,
        "week": week,
    }
    words = {
        Kind.YEAR: _("%(year)s 年"),
        Kind.HALF: _("%(year)s 年上半年") if period.half == 1 else _("%(year)s 年下半年"),
        Kind.QUARTER: _("%(year)s 年第 %(quarter)s 季度"),
        Kind.MONTH: _("%(year)s 年 %(month)s 月"),
        Kind.WEEK: _("%(year)s 年第 %(week)s 周"),
        Kind.DAY: period.key,
    }
    return words[period.kind] % values


def formula_words(expression: str) -> str:
    """An expression with the names of the counts in place of their codes."""
    for code in sorted(COUNT_NAMES, key=len, reverse=True):
        expression = expression.replace(code, str(COUNT_NAMES[code]))
    return expression.replace("*", "×").replace("/", "÷")
