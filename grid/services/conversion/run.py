"""One conversion: a run row, the plan, everything or nothing, the report of what is lost."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput, NotAllowed, Refused
from grid.models import CodeConversion
from grid.rules.conversion import Key, Target, merged
from grid.selectors.ground import division_prefix
from grid.selectors.places import city_prefix
from grid.services.conversion import cases, components
from grid.services.conversion.plan import CASES, COMPONENTS, KIND_NAMES, MATTERS, Wish, plan, store_mapping
from grid.services.conversion.sql import rows
from grid.services.imports.runs import IMPORT_LOCK

State = CodeConversion.State
COUNTED = ("number", "converted", "renumbered", "restored", "kept", "lost")


class ConversionBusy(Refused):
    """An import or another conversion is under way."""

    code = "conversion_busy"


def try_conversion(user: User, wish: Wish) -> CodeConversion:
    """What a conversion would do, on behalf of a person: nothing changes but that the run is written down.

    Raises NotAllowed without the permission, and for who is responsible for a part of the city only.
    """
    if not user.has_perm("grid.try_codeconversion"):
        raise NotAllowed(_("您没有试算编码换版的权限。"))
    limits.whole_instance(user)
    return convert_codes(wish, dry_run=True)


def convert_codes(wish: Wish, *, dry_run: bool = False) -> CodeConversion:
    """Convert the codes of this node's components, matters and cases; a dry run undoes itself and keeps the report.

    One transaction: what fails or is killed leaves nothing, and the next run begins where the codes are; what was
    converted before is not touched again. Replicas are not touched. Raises InvalidInput, Refused, ConversionBusy.
    """
    if settings.CITYOPS_TIER != "municipal":
        raise Refused(_("只有市级平台换版编码；上级平台经数据交换获得。"))
    prefix = _prefix(wish.division_code)
    targets = plan(wish)
    run = _begin(wish)
    try:
        with transaction.atomic():
            _only_one()
            lines = _convert(wish, targets, prefix, run, dry_run=dry_run)
            if dry_run:
                transaction.set_rollback(True)
            else:
                _finish(run, State.DONE, lines)
    except BaseException:
        _settle(run)
        raise
    if dry_run:
        _finish(run, State.DRY_RUN, lines)
    return run


def _prefix(division_code: str) -> str:
    if not division_code:
        return city_prefix()
    prefix = division_prefix(division_code)
    if not prefix.startswith(city_prefix()):
        raise InvalidInput(_("区划 %s 不在本市。") % division_code)
    return prefix


def _begin(wish: Wish) -> CodeConversion:
    """Write the run down before anything happens; runs that were killed are told apart by the next one."""
    return CodeConversion.objects.create(
        from_std=wish.source,
        to_std=wish.to_std,
        kinds=list(wish.kinds),
        division_code=wish.division_code or settings.CITYOPS_REGION,
        choices={name: dict(codes) for name, codes in wish.choices.items()},
        started_by=current_actor().name[:150],
    )


def _only_one() -> None:
    """Neither an import nor another conversion runs beside, until the transaction ends. Raises ConversionBusy."""
    if not rows("SELECT pg_try_advisory_xact_lock(%s::bigint)", [IMPORT_LOCK])[0][0]:
        raise ConversionBusy(_("另一个导入或换版正在进行；请在其完成后再试。"))


def _convert(
    wish: Wish, targets: Mapping[Key, Target], prefix: str, run: CodeConversion, *, dry_run: bool
) -> list[dict[str, Any]]:
    store_mapping(targets.values())
    stds, at = (wish.source, wish.to_std), timezone.now()
    lines: list[dict[str, Any]] = []
    if COMPONENTS in wish.kinds:
        components.prepare(*stds, prefix)
        lines += components.report()
        if not dry_run:
            components.apply(*stds, run.pk, at)
    if MATTERS in wish.kinds:
        lines += cases.report_matters(wish.source, prefix)
        if not dry_run:
            cases.apply_matters(*stds, prefix, run.pk, at)
    if CASES in wish.kinds:
        cases.prepare(*stds, prefix)
        lines += cases.report()
        if not dry_run:
            cases.apply(*stds, run.pk, at)
    if not dry_run:
        cases.apply_classes(*stds, _class_kinds(wish.kinds), run.pk, at)
    return [_worded(line, targets) for line in lines]


def _class_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return ("1", "2") if CASES in kinds else tuple(KIND_NAMES[kind] for kind in kinds)


def _worded(line: dict[str, Any], targets: Mapping[Key, Target]) -> dict[str, Any]:
    """A line with the names of its classes, what else falls into the target, and how many are lost."""
    kind = line.pop("class_kind", KIND_NAMES.get(line["kind"], ""))
    target = targets.get((kind, line["class_code"]))
    shared = merged(targets.values()).get((kind, line["to_code"]), [])
    kept = line.setdefault("kept", 0)
    return {
        **line,
        "class_kind": kind,
        "class_name": target.source_name if target else "",
        "to_name": target.name if target and target.code == line["to_code"] else "",
        "offered": list(target.offered) if target else [],
        "merged": [code for code in shared if code != line["class_code"]],
        "lost": line["number"] - line["converted"] - kept if line["loss"] else 0,
    }


def _finish(run: CodeConversion, state: State, lines: list[dict[str, Any]]) -> None:
    """Write down how it ended, with its entry in the trail."""
    run.state, run.lines, run.ended_at = state, lines, timezone.now()
    run.totals = {
        kind: {name: sum(line[name] for line in lines if line["kind"] == kind) for name in COUNTED}
        for kind in run.kinds
    }
    with transaction.atomic():
        run.save()
        audit.record(
            "codes.convert",
            kind="CodeConversion",
            key=run.pk,
            division_code=run.division_code,
            after={"from": run.from_std, "to": run.to_std, "state": state.value, "totals": run.totals},
        )


def _settle(run: CodeConversion) -> None:
    """Nothing of the run was stored."""
    run.state, run.ended_at = State.BROKEN, timezone.now()
    run.save(update_fields=["state", "ended_at"])


def settle_broken() -> int:
    """Say so of runs that were killed: they hold no lock any more. Does nothing while one is under way."""
    with transaction.atomic():
        if not rows("SELECT pg_try_advisory_xact_lock(%s::bigint)", [IMPORT_LOCK])[0][0]:
            return 0
        left = CodeConversion.objects.filter(state=State.RUNNING)
        return left.update(state=State.BROKEN, ended_at=timezone.now())
