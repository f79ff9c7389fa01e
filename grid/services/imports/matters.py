"""Import of a city's own classes 市扩展分类: extensions of the class dictionary, each mapped to a national class."""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.models import ImportRun
from grid.rules.codes import CURRENT
from grid.services.imports import checks
from grid.services.imports.faults import ValueFault
from grid.services.imports.mapping import Mapping
from grid.services.imports.merging import staged, update_changed
from grid.services.imports.recipe import Recipe
from grid.services.imports.staging import GOOD, STAGE, Stage, execute, rows
from grid.services.imports.values import Field
from sync.standard.models import DictionaryVersion, Provenance


def class_code(value: str, mapping: Mapping) -> str:
    """A class code: two digits of the major class and two or three of the minor."""
    if not (value.isascii() and value.isdigit() and len(value) in (4, 5)):
        raise ValueFault(
            "code_form",
            _("“%(value)s”不是分类代码。") % {"value": value},
            _("应为 4 位(大类 2 位、小类 2 位)或 5 位(小类 3 位)数字。"),
        )
    return value


KEY = ("version", "kind", "class_code")
TEXTS = ("class_name_en", "big_name", "component_code")
KEPT = ("class_name", "std_code", "valid")
"""Fields that an empty cell leaves as they are stored."""
VERSIONS = DictionaryVersion._meta.db_table


class MatterRecipe(Recipe):
    """Local classes of matters (and, where the file says so, of components)."""

    kind = ImportRun.Kind.MATTERS
    key = "class_code"
    has_shape = False
    dataset = "JC08"
    given = ("class_name", "class_name_en", "kind", "version", "big_name", "valid")
    filled = frozenset({"kind", "valid"})
    extra = (
        Field("class_code", "text", class_code, required=True),
        Field("std_code", "text", class_code, required=True),
        Field("component_code", "text", class_code),
    )

    def check(self, stage: Stage) -> None:
        """One code once, no national version touched, every class mapped to one of the current standard."""
        checks.no_duplicates(stage)
        checks.fill("kind", "'2'")
        stage.flag(
            "national_version",
            f"SELECT s.row_no, s.version AS shown FROM {STAGE} AS s JOIN {VERSIONS} AS v "
            "ON v.kind = 'classes' AND v.code = s.version WHERE v.provenance <> 'municipal'",
            checks.saying(_("版本“%(shown)s”是国家标准的分类，不能在本地修改。"), _("请为本市扩展另起版本名。")),
            field="version",
        )
        stage.flag(
            "unknown_class",
            f"SELECT s.row_no, s.std_code AS shown FROM {STAGE} AS s WHERE NOT EXISTS ("
            f"SELECT FROM {checks.CLASSES} AS c WHERE c.version = '{CURRENT}' AND c.kind = s.kind "
            "AND c.class_code = s.std_code)",
            checks.saying(_("对应的国标代码 %(shown)s 不存在。"), _("扩展分类必须映射到现行国标的一个分类。")),
            field="std_code",
        )

    def apply(self, stage: Stage) -> int:
        """Write the classes, of a stored one what the mapping names; their version becomes a municipal one."""
        for (version,) in rows(f"SELECT DISTINCT version FROM {GOOD} AS s"):
            DictionaryVersion.objects.get_or_create(
                kind=DictionaryVersion.Kind.CLASSES,
                code=version,
                defaults={
                    "title": version,
                    "source": stage.run.file_name,
                    "provenance": Provenance.MUNICIPAL,
                    "valid_from": timezone.localdate(),
                    "content_sha": bytes.fromhex(stage.run.file_sha),
                },
            )
        given = staged(stage.mapping.fields, texts=TEXTS, kept=KEPT)
        update_changed(
            checks.CLASSES,
            f"SELECT {', '.join([*KEY, *given])} FROM {GOOD} AS s",
            key=KEY,
            columns=[name for name in TEXTS + KEPT if name in stage.mapping.fields],
        )
        execute(
            f"""
            INSERT INTO {checks.CLASSES} (rid, origin_code, kind, version, class_code, class_name, class_name_en,
                big_code, big_name, is_extension, std_code, component_code, provenance, valid)
            SELECT s.rid, %s::text, s.kind, s.version, s.class_code, s.class_name, coalesce(s.class_name_en, ''),
                left(s.class_code, 2), coalesce(s.big_name, ''), '1', s.std_code, coalesce(s.component_code, ''),
                'municipal', coalesce(s.valid, '1')
            FROM {GOOD} AS s
            ON CONFLICT (version, kind, class_code) DO NOTHING
            """,
            [settings.CITYOPS_NODE],
        )
        return stage.rows_good
