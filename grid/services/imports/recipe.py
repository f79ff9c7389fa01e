"""What an import of one kind is made of: its fields, its checks, and how good rows are taken."""

from typing import Any, ClassVar

from grid.models import ImportRun
from grid.services.imports.staging import Stage
from grid.services.imports.values import Field, degrees, text

PLACE_FIELDS = (
    Field("longitude", "float8", degrees),
    Field("latitude", "float8", degrees),
    Field("wkt", "text", text(0)),
)


class Recipe:
    """One kind of import; subclasses say what it checks and how it writes."""

    kind: ClassVar[ImportRun.Kind]
    fields: ClassVar[tuple[Field, ...]]
    key: ClassVar[str]
    has_shape: ClassVar[bool] = True
    options: ClassVar[dict[str, Any]] = {}
    """Options of a mapping file with their defaults."""

    def __init__(self, options: dict[str, Any], *, repair: bool = False) -> None:
        self.settings = {**self.options, **options}
        self.repair = repair
        self.summary: dict[str, Any] = {}

    def check(self, stage: Stage) -> None:
        """Flag what is wrong with the staged rows."""
        raise TypeError(type(self))

    def apply(self, stage: Stage) -> int:
        """Write the good rows, set by set, inside the caller's transaction; returns how many."""
        raise TypeError(type(self))
