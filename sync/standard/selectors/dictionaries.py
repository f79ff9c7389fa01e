"""Which dictionaries are loaded, what is in them, and how it is called in the reader's language."""

from functools import lru_cache

from django.utils.translation import get_language

from sync.standard.files import as_catalogue, shipped_catalogue
from sync.standard.models import DictionaryVersion
from sync.standard.rules.definitions import Catalogue, DatasetDef, FieldDef

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


def reads_english() -> bool:
    """Whether the reader has chosen English. Dictionaries are Chinese; not every one has its English."""
    return (get_language() or "").startswith("en")


def title(thing: DatasetDef | FieldDef) -> str:
    """What a dataset or a field is called: the Chinese name; in English its title, else its name in words."""
    if not reads_english():
        return thing.cn
    if isinstance(thing, DatasetDef):
        return thing.title_en or _in_words(thing.en)
    return _in_words(thing.name)


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def worded(text: str, found: Catalogue) -> str:
    """A word of a catalogue (class of data, origin, direction, frequency) in English where it has one."""
    return found.english.get(text, text) if reads_english() else text
