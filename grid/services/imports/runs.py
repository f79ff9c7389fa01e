"""The life of an import run: begin, stage, check, and either everything is taken or nothing."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.context import Actor, acting, current_actor
from cityops.foundation.errors import NotAllowed, Refused
from grid.models import ImportRun
from grid.selectors.places import city_prefix
from grid.services.imports.cases import CaseRecipe
from grid.services.imports.components import ComponentRecipe
from grid.services.imports.faults import FileRefused
from grid.services.imports.grids import GridRecipe
from grid.services.imports.mapping import Mapping, parse_mapping
from grid.services.imports.matters import MatterRecipe
from grid.services.imports.readers import format_of, read_heads, read_rows
from grid.services.imports.recipe import RECIPES, Recipe, register
from grid.services.imports.staging import Progress, Stage, one
from grid.services.imports.values import clean
from sync.standard.rules.definitions import Catalogue
from sync.standard.selectors.dictionaries import catalogue

IMPORT_LOCK = 0x494D5052
"""Advisory lock of this database's imports and conversions of codes: one at a time."""
for _recipe in (GridRecipe, ComponentRecipe, MatterRecipe, CaseRecipe):
    register(_recipe)


class ImportBusy(Refused):
    """Another import is under way, or a worker has this one already."""

    code = "import_busy"


class ImportRefused(Refused):
    """Nothing was imported; the run tells why, row by row."""

    code = "import_refused"

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run.refusal, run=run.pk, rows_refused=run.rows_refused)
        self.run = run


def read_mapping(kind: str, text: str) -> Mapping:
    """Read and check a mapping file for a kind of import. Raises FileRefused."""
    recipe = RECIPES[kind]
    return parse_mapping(text, known=recipe.names(), options=set(recipe.options))


def begin_run(
    kind: str, path: Path, *, name: str = "", mapping: str = "", options: dict[str, Any], user: User | None = None
) -> ImportRun:
    """Write down that a file is to be imported; checks the mapping and the file's type first.

    ``user`` None is the instance itself. Of a person who is responsible for a part of the city the run takes that part
    only. Raises FileRefused; NotAllowed for local classes, which hold in the whole city, from a part of it.
    """
    if settings.CITYOPS_TIER != "municipal":
        raise Refused(_("只有市级平台导入单元网格、部件、事项和案件；上级平台经数据交换获得。"))
    scope = _scope_of(user)
    if scope and kind == ImportRun.Kind.MATTERS:
        raise NotAllowed(_("市扩展分类对全市生效，只能由负责全市的人员导入。"))
    name = name or path.name
    format_of(name, read_mapping(kind, mapping))
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return ImportRun.objects.create(
        kind=kind,
        division_code=user.division_code if user and scope else settings.CITYOPS_REGION,
        scope_prefix=scope,
        file_name=name[-200:],
        file_sha=digest.hexdigest(),
        options={"mapping": mapping, **options},
        state=ImportRun.State.WAITING,
        started_by=current_actor().name,
        actor=asdict(current_actor()),
    )


def _scope_of(user: User | None) -> str:
    """What division codes of a person's rows begin with; empty for who is responsible for the city or more."""
    return "" if user is None or city_prefix().startswith(user.scope_prefix) else user.scope_prefix


def _actor_of(run: ImportRun) -> Actor:
    return Actor(**run.actor) if run.actor else Actor(name=run.started_by or Actor.name)


def execute_run(run: ImportRun, path: Path, *, progress: Progress | None = None) -> ImportRun:
    """Import the file of a run. Raises ImportRefused where rows or the file are refused: then nothing is stored.

    With the option ``skip_refused`` the good rows are taken and the others told; with ``dry_run`` nothing is stored
    either way.
    """
    with acting(_actor_of(run)), _only_one(run):
        try:
            with _undone_by_error():
                _execute(run, path, progress)
        except FileRefused as error:
            _finish(run, ImportRun.State.REFUSED, refusal=error.detail)
        except IntegrityError as error:
            _finish(run, ImportRun.State.REFUSED, refusal=_("与已有数据冲突：%(error)s") % {"error": error})
        except DataError as error:
            told = _("文件中有数据库无法保存的值：%(error)s 请改正该值后重新导入。") % {"error": error}
            _finish(run, ImportRun.State.REFUSED, refusal=told)
        except BaseException:
            _finish(run, ImportRun.State.REFUSED, refusal=_broken())
            raise
        finally:
            if not connection.needs_rollback and connection.is_usable():
                Stage.drop()
    if run.state == ImportRun.State.REFUSED:
        raise ImportRefused(run)
    return run


def _undone_by_error() -> AbstractContextManager[object]:
    """Within somebody's transaction (an API write) an error must not break that; without one, rows stream freely."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _execute(run: ImportRun, path: Path, progress: Progress | None) -> None:
    began = time.monotonic()
    options = run.options
    mapping, found = read_mapping(run.kind, options["mapping"]), catalogue()
    recipe = RECIPES[run.kind](mapping.options, repair=bool(options.get("repair")))
    is_by_heads = mapping.is_by_heads
    if is_by_heads:
        mapping = _mapped_by_heads(mapping, recipe, found, path, run.file_name)
    fields = recipe.fields(found)
    stage = Stage(run, mapping, fields, recipe.key, has_shape=recipe.has_shape, is_by_heads=is_by_heads)
    stage.create()
    with closing(read_rows(path, mapping, name=run.file_name)) as rows:
        stage.load(rows, _telling(run, progress))
    run.rows_read = stage.rows_read
    if not run.rows_read:
        raise FileRefused(_("文件中没有数据行。"))
    recipe.check(stage)
    run.rows_refused = stage.rows_refused
    good = stage.rows_good
    run.summary = {**recipe.summary, "issues": dict(stage.issues.by_rule), "rows_good": good}
    if options.get("dry_run"):
        _finish(run, ImportRun.State.DRY_RUN)
    elif run.rows_refused and not (options.get("skip_refused") and good):
        refusal = _("%(count)s 行有误，没有导入任何数据；改正后重新导入，或选择跳过有误的行。")
        _finish(run, ImportRun.State.REFUSED, refusal=refusal % {"count": run.rows_refused})
    else:
        _take(run, recipe, stage, began)


def _mapped_by_heads(mapping: Mapping, recipe: Recipe, found: Catalogue, path: Path, name: str) -> Mapping:
    """The mapping that the heads of the file make; columns that are no field of the import are told."""
    heads = read_heads(path, mapping, name=name)
    columns = recipe.columns_of(heads, found)
    if ignored := [head for head in heads if head and head not in columns.values()]:
        recipe.summary["ignored_columns"] = "、".join(ignored[:40])
    return replace(mapping, columns={field: head for field, head in columns.items() if field not in mapping.constants})


def _take(run: ImportRun, recipe: Recipe, stage: Stage, began: float) -> None:
    with transaction.atomic():
        run.rows_taken = recipe.apply(stage)
        run.summary = {**run.summary, **recipe.summary, "seconds": round(time.monotonic() - began, 1)}
        _finish(run, ImportRun.State.DONE)


def _finish(run: ImportRun, state: ImportRun.State, *, refusal: str = "") -> None:
    """Write down how a run ended, with its entry in the trail, also where it was refused."""
    run.state = state
    run.refusal = clean(refusal)
    run.ended_at = timezone.now()
    with transaction.atomic():
        run.save()
        audit.record(
            "import.run",
            kind="ImportRun",
            key=run.pk,
            division_code=run.division_code,
            after={
                "kind": run.kind,
                "file": run.file_name,
                "sha256": run.file_sha,
                "state": state.value,
                "read": run.rows_read,
                "taken": run.rows_taken,
                "refused": run.rows_refused,
            },
            reason=run.refusal,
            succeeded=state != ImportRun.State.REFUSED,
        )


def _telling(run: ImportRun, progress: Progress | None) -> Progress:
    def tell(count: int) -> None:
        ImportRun.objects.filter(pk=run.pk).update(rows_read=count)
        if progress:
            progress(count)

    return tell


@contextmanager
def _only_one(run: ImportRun) -> Iterator[None]:
    """One import at a time in a database. Raises ImportBusy where another is under way, or this one was taken."""
    if not one("SELECT pg_try_advisory_lock(%s::bigint)", [IMPORT_LOCK]):
        raise ImportBusy(_("另一个导入正在进行；请在其完成后再试。"))
    try:
        waiting = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.WAITING)
        if not waiting.update(state=ImportRun.State.RUNNING):
            raise ImportBusy(_("该导入已由其他进程处理。"))
        run.state = ImportRun.State.RUNNING
        _settle_broken(besides=run.pk)
        yield
    finally:
        if not connection.needs_rollback and connection.is_usable():
            one("SELECT pg_advisory_unlock(%s::bigint)", [IMPORT_LOCK])


def _broken() -> str:
    return _("导入中断，没有写入任何数据；请重新导入。")


def _settle_broken(*, besides: int = 0) -> None:
    """Runs that still say they run, though nobody holds the lock, were killed: nothing of them was stored."""
    for run in ImportRun.objects.filter(state=ImportRun.State.RUNNING).exclude(pk=besides):
        with acting(_actor_of(run)):
            _finish(run, ImportRun.State.REFUSED, refusal=_broken())


def settle_broken_runs() -> None:
    """Say so of imports that were killed; does nothing while one is under way."""
    if not one("SELECT pg_try_advisory_lock(%s::bigint)", [IMPORT_LOCK]):
        return
    try:
        _settle_broken()
    finally:
        one("SELECT pg_advisory_unlock(%s::bigint)", [IMPORT_LOCK])
