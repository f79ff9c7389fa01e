"""What is wrong with a row or a file 导入问题: the place, the rule, what was found, and how to mend it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.foundation.errors import CityOpsError
from grid.rules.codes import CodeFault


class FileRefused(CityOpsError):
    """The file or its mapping cannot be read at all; the sentence names the place and the remedy."""

    code = "import_refused"
    status = 400
    title = gettext_lazy("文件无法导入")


@dataclass(frozen=True)
class Fault:
    """One fault of one row. ``rule`` is stable; a fault that is not fatal leaves the row in and is told."""

    row_no: int
    rule: str
    message: str
    remedy: str
    key: str = ""
    field: str = ""
    is_fatal: bool = True


class ValueFault(ValueError):
    """A value cannot be what its field asks for; raised by converters, turned into a ``Fault`` with its place."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.rule = rule
        self.message = message
        self.remedy = remedy


def missing(column: str) -> ValueFault:
    """A mandatory value is empty."""
    return ValueFault(
        "missing",
        _("必填项为空(文件列“%(column)s”)。") % {"column": column},
        _("请补全该值，或在映射文件中给出默认值。"),
    )


def code_fault(fault: CodeFault, text: str, std_ref: str = "") -> ValueFault:
    """A code that breaks its standard, in the reader's language."""
    facts = {"code": text, "length": len(text), "standard": std_ref}
    if fault.rule == "code_form":
        return ValueFault(fault.rule, _("编码“%(code)s”含有数字以外的字符。") % facts, _("编码只能由数字 0-9 组成。"))
    if fault.rule == "code_sequence":
        return ValueFault(fault.rule, _("编码 %(code)s 的顺序号为零。") % facts, _("顺序号从 1 开始。"))
    if not std_ref:
        return ValueFault(
            fault.rule,
            _("编码 %(code)s 有 %(length)s 位。") % facts,
            _("单元网格编码应为 15 位：社区 12 位加顺序号 3 位。"),
        )
    return ValueFault(
        fault.rule,
        _("编码 %(code)s 有 %(length)s 位，与 %(standard)s 规定的位数不符。") % facts,
        _("请把映射文件的 std_ref 改为该文件实际采用的标准，或改正编码；系统不会猜测标准。"),
    )
