"""Load a formula set, and say which one holds by default."""

import json
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput, Refused
from grid.performance.models import StoredFormulas
from grid.performance.rules.formulas import InvalidSet, read_set
from grid.performance.selectors.sets import digest_of, find_set, shipped_sets
from grid.performance.selectors.words import FAULTS

LARGEST = 256 << 10
"""Bytes of a set."""


def read_document(content: bytes) -> dict[str, Any]:
    """A JSON file as a document. Raises InvalidInput for what is none or is too long."""
    try:
        if len(content) > LARGEST:
            raise ValueError
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InvalidInput(_("文件应是 UTF-8 的 JSON，不超过 256 KB。")) from None
    if not isinstance(document, dict):
        raise InvalidInput(_("文件应是一个 JSON 对象。"))
    return document


@transaction.atomic
def load_formulas(actor: User | None, document: dict[str, Any], *, is_default: bool = False) -> StoredFormulas:
    """Store one version of a set. ``actor`` None is the operator of the instance.

    A version never changes: the same document again changes nothing, another one under the same version is refused.
    Raises InvalidInput with every fault of the document, Refused for a version that is taken.
    """
    if actor is not None:
        limits.whole_instance(actor)
    try:
        formulas = read_set(document)
    except InvalidSet as error:
        told = [f"{fault.place} {FAULTS[fault.rule]} {fault.value}".strip() for fault in error.faults]
        errors = [{"field": f.place, "code": f.rule, "detail": t} for f, t in zip(error.faults, told, strict=True)]
        raise InvalidInput(_("公式集有 %(count)s 处错误：%(list)s") % {"count": len(told), "list": "；".join(told)},
                           errors=errors) from None  # fmt: skip
    digest = digest_of(document)
    shipped = shipped_sets().get(formulas.key)
    known = StoredFormulas.objects.select_for_update().filter(code=formulas.code, version=formulas.version).first()
    if (known and known.digest != digest) or (shipped and digest_of(shipped.document) != digest):
        raise Refused(_("公式集 %s 已经存在而内容不同；请改版本号，已有的结果仍按原来的版本。") % formulas.key)
    stored = known or StoredFormulas.objects.create(
        code=formulas.code,
        version=formulas.version,
        title=formulas.title[:100],
        document=document,
        digest=digest,
        loaded_by=current_actor().name[:150],
    )
    if known is None:
        audit.record("formulas.load", kind="StoredFormulas", key=stored.key, after={"sha256": digest})
    if is_default:
        _make_default(stored)
    return stored


@transaction.atomic
def choose_default(actor: User, key: str) -> StoredFormulas:
    """Let a set hold by default. Raises NotThere for a key nobody loaded."""
    limits.whole_instance(actor)
    return load_formulas(actor, find_set(key).document, is_default=True)


def _make_default(stored: StoredFormulas) -> None:
    if stored.is_default:
        return
    StoredFormulas.objects.filter(is_default=True).update(is_default=False)
    stored.is_default = True
    stored.save(update_fields=["is_default"])
    audit.record("formulas.default", kind="StoredFormulas", key=stored.key)
