"""Lists of the standard as files: the data dictionary field by field, classes, disposal rules."""

from dataclasses import dataclass

from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cityops.foundation.exports import Column, download
from sync.standard.models import ClassEntry, Provenance
from sync.standard.rules.definitions import DatasetDef, FieldDef
from sync.standard.selectors.dictionaries import title
from sync.standard.services.documents import field_note, obligation_words
from sync.standard.web.views import asked_catalogue, asked_classes, asked_rules, mentions

File = StreamingHttpResponse | FileResponse
PROVENANCE = dict(Provenance.choices)
KINDS = dict(ClassEntry.Kind.choices)


@dataclass(frozen=True)
class _Line:
    """One field of one dataset."""

    dataset: DatasetDef
    entry: FieldDef


FIELD_COLUMNS = (
    Column(_("数据集"), "dataset.code"),
    Column(_("数据集名称"), lambda line: title(line.dataset)),
    Column(_("名称"), lambda line: title(line.entry)),
    Column(_("字段"), "entry.name"),
    Column(_("缩写"), "entry.abbr"),
    Column(_("类型"), "entry.type"),
    Column(_("约束"), lambda line: obligation_words()[line.entry.req]),
    Column(_("代码表"), "entry.codelist"),
    Column(_("说明"), lambda line: field_note(line.entry)),
)
CLASS_COLUMNS = (
    Column(_("标准版本"), "version"),
    Column(_("类别"), lambda row: KINDS.get(row.kind, row.kind)),
    Column(_("分类代码"), "class_code"),
    Column(_("名称"), "class_name"),
    Column(_("英文名称"), "class_name_en"),
    Column(_("大类"), lambda row: f"{row.big_code} {row.big_name}".strip()),
    Column(_("映射到国标代码"), "std_code"),
    Column(_("出处"), lambda row: PROVENANCE.get(row.provenance, "")),
)
RULE_COLUMNS = (
    Column(_("规则集"), "rule_set.code"),
    Column(_("类别"), lambda row: KINDS.get(row.kind, row.kind)),
    Column(_("分类代码"), "class_code"),
    Column(_("名称"), "class_name"),
    Column(_("条件序号"), "condition_no"),
    Column(_("现行国标事项代码"), lambda row: " ".join(row.matter_codes)),
    Column(_("立案条件"), "filing_condition"),
    Column(_("立案条件(英文)"), "filing_condition_en"),
    Column(_("结案条件"), "closing_condition"),
    Column(_("结案条件(英文)"), "closing_condition_en"),
    Column(_("等级"), lambda row: row.get_level_display()),
    Column(_("处置时限"), "limit_value"),
    Column(_("时限单位"), lambda row: row.get_limit_unit_display()),
    Column(_("A 类区域处置时限"), "limit_value_a"),
    Column(_("A 类区域时限单位"), lambda row: row.get_limit_unit_a_display()),
    Column(_("C 类区域处置时限"), "limit_value_c"),
    Column(_("C 类区域时限单位"), lambda row: row.get_limit_unit_c_display()),
    Column(_("来源"), "source"),
    Column(_("启用"), "is_active"),
    Column(_("本市修改"), "is_edited"),
)


@require_safe
def dictionary_export(request: HttpRequest) -> File:
    """The fields of every dataset that the address leaves: of one (``?dataset=``), or of those a search finds."""
    found, code, q = asked_catalogue(request), request.GET.get("dataset", ""), request.GET.get("q", "").lower()
    if code and code not in found.by_code:
        raise Http404
    datasets = [found.by_code[code]] if code else [one for one in found.datasets if not q or mentions(one, q)]
    lines = (_Line(dataset, entry) for dataset in datasets for entry in dataset.fields)
    return download(request, code or "data-dictionary", FIELD_COLUMNS, lines, action="standard.export", kind="dataset")


@require_safe
def class_export(request: HttpRequest) -> File:
    """The list of classes: exactly what the filters of the address leave."""
    _form, rows = asked_classes(request)
    lines = rows.iterator(chunk_size=2000)
    return download(request, "classes", CLASS_COLUMNS, lines, action="class.export", kind="class")


@require_safe
def rule_export(request: HttpRequest) -> File:
    """The list of rules: exactly what the filters of the address leave."""
    _form, rows = asked_rules(request)
    lines = rows.select_related("rule_set").iterator(chunk_size=2000)
    return download(request, "rules", RULE_COLUMNS, lines, action="rule.export", kind="disposal_rule")
