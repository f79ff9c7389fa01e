"""The formula sets that are there: those that came with the product, and those an operator loaded."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityops.foundation.errors import NotThere
from grid.performance.models import StoredFormulas
from grid.performance.rules.formulas import FormulaSet, Indicator, read_set

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "formulas"
DEFAULT = "sample-2026.1"
"""The set that holds until an operator names another one."""


def digest_of(document: Any) -> str:
    """SHA-256 of a document, whatever the order of its members."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@cache
def shipped_sets() -> dict[str, FormulaSet]:
    """The sets that came with the product, by key."""
    found = [read_set(json.loads(path.read_text("utf-8"))) for path in sorted(SHIPPED.glob("*.json"))]
    return {formulas.key: formulas for formulas in found}


def all_sets() -> dict[str, FormulaSet]:
    """Every set by its key, in the order of the keys; a loaded one stands before a shipped one of the same key."""
    loaded = {row.key: read_set(row.document) for row in StoredFormulas.objects.all()}
    return dict(sorted({**shipped_sets(), **loaded}.items()))


def default_key() -> str:
    """The key of the set that holds where none is asked for."""
    row = StoredFormulas.objects.filter(is_default=True).first()
    return row.key if row else DEFAULT


def find_set(key: str = "") -> FormulaSet:
    """A set by its key; the default one without. Raises NotThere for a key nobody loaded."""
    key = key or default_key()
    code, _dash, version = key.partition("-")
    row = StoredFormulas.objects.filter(code=code, version=version).first()
    found = read_set(row.document) if row else shipped_sets().get(key)
    if found is None:
        raise NotThere(_("没有公式集 %(key)s；已有的是：%(known)s。") % {"key": key, "known": "、".join(all_sets())})
    return found


def name_of(indicator: Indicator) -> str:
    """The name of an indicator in the language of the page."""
    return indicator.name if (get_language() or "zh").startswith("zh") else indicator.name_en
