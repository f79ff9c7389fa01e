"""How datasets, fields and words of a catalogue are called in the reader's language."""

from django import template

from sync.standard.rules.definitions import Catalogue, DatasetDef, FieldDef
from sync.standard.selectors import dictionaries

register = template.Library()


@register.filter
def titled(thing: DatasetDef | FieldDef) -> str:
    """What a dataset or a field is called."""
    return dictionaries.title(thing)


@register.filter
def worded(text: str, found: Catalogue) -> str:
    """A word of a catalogue."""
    return dictionaries.worded(text, found)
