"""A division as it is read from a source, before it is in the database."""

import datetime as dt
import uuid
from dataclasses import dataclass

from shapely import MultiPolygon

from cityops.regions.models import UNKNOWN_START
from cityops.regions.rules import DIGITS, Level

OWNER = "000000000000-N"
"""The node that owns every division (JC01): the nation's."""
DERIVED = "derived:"
"""In the ``source`` of what was cut from a larger outline and is no survey: shown as 示意."""
LISTED = "list:"
"""Begins the ``source`` of communities whose names came from a list; they stay when no list is given later."""
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:cityops:JC01")


@dataclass(slots=True)
class DivisionRow:
    """One division over one period; ``boundary`` in EPSG:4490 degrees."""

    code: str
    name: str
    level: Level
    parent_code: str = ""
    full_name: str = ""
    valid_from: dt.date = UNKNOWN_START
    valid_to: dt.date | None = None
    successor_code: str = ""
    source: str = ""
    source_crs: str = ""
    boundary: MultiPolygon | None = None

    @property
    def rid(self) -> uuid.UUID:
        """The same on every node, so that an instance may load divisions before it has met the nation."""
        return uuid.uuid5(_NAMESPACE, f"{self.code}:{self.valid_from:%Y-%m-%d}")

    @property
    def prefix(self) -> str:
        """The significant digits."""
        return self.code[: DIGITS[self.level]]
