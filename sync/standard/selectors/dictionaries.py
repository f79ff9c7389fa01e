"""Which dictionaries are loaded, and what is in them."""

from functools import lru_cache

from sync.standard.files import as_catalogue, shipped_catalogue
from sync.standard.models import DictionaryVersion
from sync.standard.rules.definitions import Catalogue

Kind = DictionaryVersion.Kind


@lru_cache(maxsize=8)
def _catalogue(content_sha: bytes, pk: int) -> Catalogue:
    version = DictionaryVersion.objects.get(pk=pk)
    return as_catalogue(version.head, version.content or {})


def catalogue(code: str = "") -> Catalogue:
    """Datasets and code lists of a loaded version, or of the default one; of the product itself where none is loaded.

    Raises DictionaryVersion.DoesNotExist for a code that is not loaded.
    """
    versions = DictionaryVersion.objects.filter(kind=Kind.DATASETS)
    wanted = versions.filter(code=code) if code else versions.filter(is_default=True)
    row = wanted.values_list("content_sha", "pk").first()
    if row is None:
        if code:
            raise DictionaryVersion.DoesNotExist(code)
        return shipped_catalogue()
    return _catalogue(bytes(row[0]), row[1])


def default_code(kind: str) -> str:
    """Code of the default version of a kind (datasets, classes, rules); empty where none is loaded."""
    version = DictionaryVersion.objects.default(kind)
    return version.code if version else ""
