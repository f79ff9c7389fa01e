"""Change the rules of sources and the reach of similar cases; both hold for the whole city."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import Role, User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, field_fault
from grid.intake.models import SimilaritySetting, SourceRule
from grid.intake.selectors.sources import source_terms
from grid.models import Case

PERMISSION = "intake.change_sourcerule"


def may_change(actor: User) -> None:
    """Raise NotAllowed without the permission, or for who is responsible for a part of the city only."""
    if not actor.has_perm(PERMISSION):
        raise NotAllowed(_("您没有维护来源规则的权限。"))
    limits.whole_instance(actor)


def checked(row: models.Model) -> None:
    """Raise InvalidInput with every wrong field of a row."""
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as fault:
        errors = [
            {"field": name, "code": "invalid", "detail": text}
            for name, texts in fault.message_dict.items()
            for text in texts
        ]
        raise InvalidInput(" ".join(entry["detail"] for entry in errors), errors=errors) from fault


def change_source(actor: User, source: str, values: dict[str, Any]) -> SourceRule:
    """Write the city's own rule of a source; fields that are not given keep what holds now.

    Raises NotAllowed; NotThere for an unknown source; InvalidInput for an unknown role or value, and for a rule that
    contradicts itself.
    """
    may_change(actor)
    if source not in Case.Source.values:
        raise NotThere(_("没有来源 %s。") % source)
    with transaction.atomic():
        before = _told(source_terms(source))
        row = SourceRule(source=source, **{**before, **values})
        _consistent(row)
        checked(row)
        row.save()
        after = _told(row.terms())
        if before != after:
            audit.record(
                "source_rule.change",
                kind="source_rule",
                key=source,
                division_code=settings.CITYOPS_REGION,
                before=_plain(before),
                after=_plain(after),
            )
    return row


def _consistent(row: SourceRule) -> None:
    unknown = sorted(set(row.roles) - set(Role.objects.values_list("code", flat=True)))
    if unknown:
        told = _("没有角色 %s。") % "、".join(unknown)
        raise field_fault("roles", "unknown", told)
    if row.verify_first and row.auto_accept:
        told = _("“先核实”与“自动受理”不能同时选：核实属实后案件自会进入待立案。")
        raise field_fault("auto_accept", "contradiction", told)
    if row.may_file_directly and not row.auto_accept:
        told = _("“可直接立案”须同时选“自动受理”。")
        raise field_fault("may_file_directly", "contradiction", told)


def _told(terms: Any) -> dict[str, Any]:
    names = [field.name for field in SourceRule._meta.fields if field.name not in ("source", "updated_at")]
    return {name: list(value) if isinstance(value := getattr(terms, name), tuple) else value for name in names}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bool | str | list | None) else str(value) for name, value in values.items()
    }


def reset_source(actor: User, source: str) -> None:
    """Take the city's own rule back: the sample holds again. Raises NotAllowed."""
    may_change(actor)
    with transaction.atomic():
        row = SourceRule.objects.select_for_update().filter(pk=source).first()
        if row is not None:
            before = _plain(_told(row.terms()))
            row.delete()
            audit.record(
                "source_rule.reset",
                kind="source_rule",
                key=source,
                division_code=settings.CITYOPS_REGION,
                before=before,
            )


def change_reach(actor: User, *, metres: int, hours: int, with_confusable: bool) -> SimilaritySetting:
    """Set how near similar cases are. Raises NotAllowed, InvalidInput."""
    may_change(actor)
    with transaction.atomic():
        before = SimilaritySetting.objects.select_for_update().filter(pk=1).first()
        row = SimilaritySetting(pk=1, metres=metres, hours=hours, with_confusable=with_confusable)
        checked(row)
        row.save()
        audit.record(
            "similarity.change",
            kind="similarity",
            division_code=settings.CITYOPS_REGION,
            before=None if before is None else {"metres": before.metres, "hours": before.hours},
            after={"metres": metres, "hours": hours, "with_confusable": with_confusable},
        )
    return row
