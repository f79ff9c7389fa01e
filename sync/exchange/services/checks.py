"""The checks a record must pass before it is applied, as SQL over the staging table."""

from dataclasses import dataclass

from cityops.foundation.records import ChildRows, RecordKind
from sync.standard.validation import sql_checks


@dataclass(frozen=True)
class Check:
    """One rule: ``broken`` is SQL over the staging columns that is true where the rule is broken."""

    code: str
    broken: str
    detail: str
    remedy: str = ""


def checks_of(kind: RecordKind) -> list[Check]:
    """The rules of a kind: those that follow from its dataset's definition, and those its app states."""
    generated = [
        Check(rule.code, rule.broken, f"{kind.dataset}.{rule.field}: {rule.code}", rule.remedy)
        for rule in sql_checks(kind.dataset, kind.fields, alias="s")
    ]
    return generated + [Check(code, broken, f"{kind.dataset}: {code}", remedy) for code, broken, remedy in kind.checks]


def checks_of_children(kind: RecordKind, child: ChildRows) -> list[Check]:
    """The rules of a kind's child rows, over their staging table; the code names the field, as ``steps.action``."""
    generated: list[tuple[str, str, str, str]] = []
    if child.dataset:
        generated = [
            (rule.field, rule.code, rule.broken, rule.remedy)
            for rule in sql_checks(child.dataset, child.dataset_fields, alias="k")
        ]
    stated = [(column, "code_list", broken, remedy) for column, broken, remedy in child.checks]
    return [
        Check(f"{child.name}.{field}", broken, f"{kind.dataset}.{child.name}.{field}: {code}", remedy)
        for field, code, broken, remedy in (*generated, *stated)
    ]
