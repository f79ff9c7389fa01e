"""Checks that several kinds of import share, each one SQL pass over the staged rows."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cityops.regions.models import valid_sql
from cityops.regions.selectors import retired_hint
from grid.services.imports.places import City
from grid.services.imports.staging import GOOD, STAGE, Explain, Stage, execute, one
from sync.standard.models import ClassEntry

CLASSES = ClassEntry._meta.db_table


def saying(message: str, remedy: str) -> Explain:
    """The same sentence and remedy for every row; ``%(shown)s`` stands for what SQL shows of it."""

    def explain(shown: str, shape: str) -> tuple[str, str]:
        return message.replace("%(shown)s", shown), remedy.replace("%(shown)s", shown)

    return explain


def no_duplicates(stage: Stage) -> None:
    """A number may stand in a file once; the second row names the first."""
    stage.flag(
        "duplicate",
        f"SELECT row_no, first::text AS shown FROM (SELECT row_no, "
        f"min(row_no) OVER (PARTITION BY {stage.key}) AS first FROM {STAGE}) AS n WHERE row_no <> first",
        saying(_("编号与第 %(shown)s 行重复。"), _("每个编号只能出现一次；请删去重复行或改正编号。")),
        field=stage.key,
    )


def inside_city_codes(stage: Stage, city: City, code: str) -> None:
    """A division code must be one of this city."""
    stage.flag(
        "foreign_division",
        f"SELECT s.row_no, {code} AS shown FROM {STAGE} AS s WHERE {code} IS NOT NULL AND {code} NOT LIKE %s::text",
        saying(
            _("区划代码 %(shown)s 不属于%(city)s。").replace("%(city)s", f"{city.name}({city.prefix}…)"),
            _("请改正代码，或在所属城市的平台导入。"),
        ),
        field=stage.key,
        params=[f"{city.prefix}%"],
    )


def inside_scope(stage: Stage, found: str, *, field: str = "geom", params: Iterable[Any] = ()) -> None:
    """Who is responsible for a part of the city takes, and replaces, only what lies in it.

    ``found`` selects ``row_no`` and ``code``, the division of what is written or would be replaced.
    """
    scope = stage.run.scope_prefix
    if not scope:
        return
    stage.flag(
        "outside_scope",
        f"SELECT row_no, code AS shown FROM ({found}) AS o WHERE coalesce(code, '') NOT LIKE %s::text",
        saying(
            _("区划 %(shown)s 不在您负责的区划 %(scope)s 内。").replace("%(scope)s", stage.run.division_code),
            _("请从文件中删去该行，或由负责该区划的人员导入。"),
        ),
        field=field,
        params=[*params, f"{scope}%"],
    )


def known_communities(stage: Stage, code: str, *, field: str = "") -> None:
    """A community code must be a current division."""
    stage.flag(
        "unknown_division",
        f"SELECT s.row_no, {code} AS shown FROM {STAGE} AS s WHERE {code} IS NOT NULL AND NOT EXISTS ("
        f"SELECT FROM regions_division AS d WHERE d.code = {code} AND {valid_sql('d')})",
        _explain_division,
        field=field or stage.key,
    )


def _explain_division(shown: str, shape: str) -> tuple[str, str]:
    """Why a division code is refused; of a retired one, what it became."""
    message = _("区划代码 %(shown)s 不存在或已停用。") % {"shown": shown}
    return message + retired_hint(shown), _("请核对代码；若为新设区划，请先用 load_regions 载入。")


def ours(stage: Stage, table: str, key: str) -> None:
    """A record that another node owns is read-only here."""
    stage.flag(
        "not_ours",
        f"SELECT s.row_no, t.origin_code AS shown FROM {STAGE} AS s JOIN {table} AS t USING ({key}) "
        "WHERE t.origin_code <> %s::text",
        saying(_("该编号归节点 %(shown)s 所有，此处只读。"), _("请在所属平台修改。")),
        field=key,
        params=[settings.CITYOPS_NODE],
    )


def known_classes(stage: Stage, code: str, kind: str, *, field: str = "class_code") -> None:
    """A class must stand in the loaded version of its standard; ``code`` and ``kind`` are SQL over ``s``."""
    stage.flag(
        "standard_not_loaded",
        f"SELECT s.row_no, s.std_ref AS shown FROM {STAGE} AS s WHERE NOT EXISTS ("
        f"SELECT FROM {CLASSES} AS c WHERE c.version = s.std_ref)",
        saying(_("分类标准“%(shown)s”没有载入。"), _("请先用 load_standard 载入，或改正映射文件的 std_ref。")),
        field="std_ref",
    )
    stage.flag(
        "unknown_class",
        f"SELECT s.row_no, concat({code}, ' / ', s.std_ref) AS shown FROM {STAGE} AS s WHERE NOT EXISTS ("
        f"SELECT FROM {CLASSES} AS c WHERE c.version = s.std_ref AND c.kind = {kind} AND c.class_code = {code})",
        saying(_("分类代码 %(shown)s 不存在。"), _("请按该标准的分类表改正代码，或在 [codes.class_code] 中翻译。")),
        field=field,
    )


def inside_city(stage: Stage, city: City, *, margin_m: float = 0.0) -> int:
    """A place outside the city's outline is refused, with the most likely cause; returns how many were found."""
    if not city.has_outline:
        return 0
    near = ""
    params: list[float] = []
    if margin_m:
        near = (
            "AND NOT EXISTS (SELECT FROM import_city AS c WHERE "
            "ST_DWithin(c.geom::geography, s.geom::geography, %s::float8))"
        )
        params = [margin_m]
    return stage.flag(
        "outside_city",
        f"SELECT s.row_no, '' AS shown FROM {GOOD} AS s WHERE NOT EXISTS ("
        f"SELECT FROM import_city AS c WHERE ST_Intersects(c.geom, s.geom)) {near}",
        city.explain_outside,
        field="geom",
        params=params,
    )


def fill(column: str, value: str) -> int:
    """Give a column that the file leaves empty its default; ``value`` is SQL over the staged row."""
    if not one(f"SELECT EXISTS (SELECT FROM {STAGE} WHERE {column} IS NULL)"):
        return 0
    return execute(f"UPDATE {STAGE} AS s SET {column} = {value} WHERE {column} IS NULL")
