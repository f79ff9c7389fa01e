"""What a conversion is to do: the standards, what they hold, which class becomes which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext as _

from cityops.foundation.errors import InvalidInput
from grid.models import CodeAlias
from grid.rules.codes import CURRENT, GBT_30428
from grid.rules.conversion import ChoiceFault, Entry, Key, Target, map_classes
from sync.standard.models import ClassEntry

COMPONENTS, MATTERS, CASES = "components", "matters", "cases"
KINDS = (COMPONENTS, MATTERS, CASES)
COUNTERPART = {CURRENT: GBT_30428, GBT_30428: CURRENT}
KIND_NAMES = {"components": "1", "matters": "2"}
"""What a choice file calls the kinds of classes."""
CLASS = "convert_class"
"""Temporary table of the mapping: kind, class_code, to_code (NULL for a loss), to_name, loss."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for."""

    to_std: str
    from_std: str = ""
    """Empty for the counterpart of the target."""
    kinds: tuple[str, ...] = KINDS
    division_code: str = ""
    """Empty for the whole city."""
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """``components`` and ``matters`` → class code → class code of the target."""

    @property
    def source(self) -> str:
        """The standard to convert from."""
        return self.from_std or COUNTERPART.get(self.to_std, "")


def plan(wish: Wish) -> dict[Key, Target]:
    """The mapping of all classes of the source. Raises InvalidInput for standards that are not loaded, or are one."""
    if unknown := sorted(set(wish.kinds) - set(KINDS)):
        raise InvalidInput(_("没有对象“%s”；可用：components、matters、cases。") % "、".join(unknown))
    if not wish.source or wish.source == wish.to_std:
        raise InvalidInput(_("请指明原标准：--from；它不能与目标标准相同。"))
    source, target = _entries(wish.source), _entries(wish.to_std)
    for name, entries in ((wish.source, source), (wish.to_std, target)):
        if not entries:
            raise InvalidInput(_("分类标准“%s”没有载入；请先用 load_standard 载入。") % name)
    try:
        return map_classes(source, target, (wish.source, wish.to_std), _choices(wish.choices))
    except ChoiceFault as fault:
        raise InvalidInput(_("指定对应有误：没有分类 %s。") % fault) from fault


def _entries(standard: str) -> list[Entry]:
    rows = ClassEntry.objects.in_force().filter(version=standard).order_by("kind", "class_code")
    return [Entry(*row) for row in rows.values_list("kind", "class_code", "class_name", "std_code")]


def _choices(given: Mapping[str, Mapping[str, str]]) -> dict[Key, str]:
    if unknown := sorted(set(given) - set(KIND_NAMES)):
        raise InvalidInput(_("指定对应只能写在 components 或 matters 下，不认识“%s”。") % "、".join(unknown))
    return {(KIND_NAMES[name], code): to for name, codes in given.items() for code, to in codes.items()}


def store_mapping(targets: Iterable[Target]) -> None:
    """Put the mapping where the statements find it, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {CLASS}")
        cursor.execute(
            f"CREATE TEMP TABLE {CLASS} (kind text, class_code text, to_code text, to_name text, loss text, "
            "PRIMARY KEY (kind, class_code)) ON COMMIT DROP"
        )
        rows = [(t.kind, t.source, t.code or None, t.name, t.loss) for t in targets]
        cursor.executemany(f"INSERT INTO {CLASS} VALUES (%s, %s, %s, %s, %s)", rows)
        cursor.execute(f"ANALYZE {CLASS}")


ALIASES = CodeAlias._meta.db_table
