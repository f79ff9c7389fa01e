"""What a line of NDJSON must be, by the definition of its dataset: one msgspec decoder per kind."""

from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from cityops.foundation.records import RecordKind
from sync.standard.rules.definitions import Catalogue
from sync.standard.selectors.dictionaries import catalogue
from sync.standard.validation import check_record, record_type

ENVELOPE = ("rid", "rev", "op")
Rev = Annotated[int, msgspec.Meta(ge=1, le=2**62)]
Fault = dict[str, str]


class Gone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that its sender deleted."""

    rid: UUID
    rev: Rev
    op: Literal["D"]


class Frame(msgspec.Struct, frozen=True):
    """What every line says of itself, whatever its record is."""

    rid: UUID
    rev: Rev
    op: Literal["U", "D"] = "U"


GONE = msgspec.json.Decoder(Gone)
FRAME = msgspec.json.Decoder(Frame)


@lru_cache(maxsize=64)
def _decoder(dataset: str, known: Catalogue) -> msgspec.json.Decoder[Any]:
    line = msgspec.defstruct(
        f"{dataset}Line",
        [("rid", UUID), ("rev", Rev), ("op", Literal["U"], "U")],
        bases=(record_type(dataset, catalogue=known),),
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(line)


class Reader:
    """Looks at lines of one dataset, under the default dictionary of the moment."""

    def __init__(self, kind: RecordKind) -> None:
        self._dataset, self._catalogue = kind.dataset, catalogue()
        self._decode = _decoder(kind.dataset, self._catalogue).decode

    def faults(self, lines: list[bytes]) -> dict[int, list[Fault]]:
        """The faults of those lines that are not as they should be, by their place."""
        decode, found = self._decode, {}
        for place, line in enumerate(lines):
            try:
                decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                if faults := self._look_closer(line, error):
                    found[place] = faults
        return found

    def _look_closer(self, line: bytes, error: Exception) -> list[Fault]:
        """Every fault of a line; none for one that says that a record was deleted."""
        try:
            GONE.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return []
        try:
            FRAME.decode(line)
            record = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.ValidationError as fault:
            _text, _sign, named = str(fault).partition("$.")
            return [_fault(named.rstrip("`") or "-", "envelope", str(fault))]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
            return [_fault("-", "json", str(fault))]
        record = {name: value for name, value in record.items() if name not in ENVELOPE}
        known = check_record(record, self._dataset, catalogue=self._catalogue)
        return [_fault(one.field, one.rule, one.remedy) for one in known] or [_fault("-", "type", str(error))]


def _fault(field: str, code: str, remedy: str) -> Fault:
    return {"field": field, "code": code, "remedy": remedy[:300]}
