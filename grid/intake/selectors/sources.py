"""The rules of sources, and the reach of similar cases, as they hold now."""

from dataclasses import dataclass

from cityops.foundation.errors import NotThere
from grid.intake.models import SimilaritySetting, SourceRule
from grid.intake.rules.similarity import Reach
from grid.intake.rules.sources import DEFAULTS, SourceTerms
from grid.models import Case


@dataclass(frozen=True)
class SourceLine:
    """One source with its rule; ``is_sample`` where the city has written none of its own."""

    source: str
    title: str
    terms: SourceTerms
    is_sample: bool


def source_terms(source: str) -> SourceTerms:
    """The rule of one source: the city's own, or the sample; a source without either waits for an acceptor."""
    row = SourceRule.objects.filter(pk=source).first()
    return row.terms() if row is not None else DEFAULTS.get(source, SourceTerms(source))


def source_lines() -> list[SourceLine]:
    """All sources in the order of CL_CASESRC."""
    rows = SourceRule.objects.in_bulk()
    return [
        SourceLine(
            source=value,
            title=str(label),
            terms=rows[value].terms() if value in rows else DEFAULTS.get(value, SourceTerms(value)),
            is_sample=value not in rows,
        )
        for value, label in Case.Source.choices
    ]


def get_line(source: str) -> SourceLine:
    """One source. Raises NotThere for a code that is none."""
    found = next((line for line in source_lines() if line.source == source), None)
    if found is None:
        raise NotThere
    return found


def reach() -> Reach:
    """How far similar cases are looked for."""
    row = SimilaritySetting.objects.filter(pk=1).first()
    return Reach() if row is None else Reach(row.metres, row.hours, row.with_confusable)
