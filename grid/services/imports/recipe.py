"""What an import of one kind is made of: its fields, its checks, and how good rows are taken."""

from typing import Any, ClassVar

from grid.models import ImportRun
from grid.services.imports.definitions import heads_of, read_by_definition
from grid.services.imports.staging import Stage
from grid.services.imports.values import Field, degrees, text
from sync.standard.rules.definitions import Catalogue

PLACE_FIELDS = (
    Field("longitude", "float8", degrees),
    Field("latitude", "float8", degrees),
    Field("wkt", "text", text(0)),
)


class Recipe:
    """One kind of import; subclasses say what it checks and how it writes."""

    kind: ClassVar[ImportRun.Kind]
    dataset: ClassVar[str]
    given: ClassVar[tuple[str, ...]]
    """Columns that are read as the dataset defines them."""
    filled: ClassVar[frozenset[str]] = frozenset()
    """Those that the import fills where the file leaves them empty, though the dataset demands them."""
    cut: ClassVar[frozenset[str]] = frozenset()
    """Those that are shortened where they are too long."""
    extra: ClassVar[tuple[Field, ...]] = ()
    """Fields that the dataset does not have, or that are read otherwise than it says."""
    key: ClassVar[str]
    has_shape: ClassVar[bool] = True
    options: ClassVar[dict[str, Any]] = {}
    """Options of a mapping file with their defaults."""

    def __init__(self, options: dict[str, Any], *, repair: bool = False) -> None:
        self.settings = {**self.options, **options}
        self.repair = repair
        self.summary: dict[str, Any] = {}

    @classmethod
    def names(cls) -> set[str]:
        """The fields that a mapping may name."""
        return {*cls.given, *(field.name for field in cls.extra)}

    @classmethod
    def fields(cls, found: Catalogue) -> tuple[Field, ...]:
        """The fields with their limits, by a catalogue."""
        by_definition = (
            read_by_definition(cls.dataset, name, found, cut=name in cls.cut, needed=name not in cls.filled)
            for name in cls.given
        )
        return (*by_definition, *cls.extra)

    @classmethod
    def columns_of(cls, heads: list[str], found: Catalogue) -> dict[str, str]:
        """Field → column, where a head is the name of a field; the first of several columns counts."""
        known = heads_of(cls.dataset, cls.names(), found)
        columns: dict[str, str] = {}
        for head in heads:
            if head in known:
                columns.setdefault(known[head], head)
        return columns

    def check(self, stage: Stage) -> None:
        """Flag what is wrong with the staged rows."""
        raise TypeError(type(self))

    def apply(self, stage: Stage) -> int:
        """Write the good rows, set by set, inside the caller's transaction; returns how many."""
        raise TypeError(type(self))


RECIPES: dict[str, type[Recipe]] = {}
"""Kind → how it is imported; apps that stand on the grid add theirs in ``ready()``."""


def register(recipe: type[Recipe]) -> None:
    """Add the recipe of a kind."""
    RECIPES[recipe.kind.value] = recipe
