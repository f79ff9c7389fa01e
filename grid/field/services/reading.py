"""Read what a phone sent: an envelope, and the report in it."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.errors import field_fault
from grid.models import Case
from grid.places.selectors.reverse import around
from grid.selectors.classes import class_of
from grid.services.cases import Report

REPORT_FIELDS = frozenset({"class_key", "longitude", "latitude", "description", "address", "urgency"})
TEXT_LENGTH = 2000
ADDRESS_LENGTH = 256


@dataclass(frozen=True)
class Spot:
    """Where the phone says it was: degrees (WGS-84, CGCS2000), and how sure it is in metres."""

    longitude: float
    latitude: float
    accuracy_m: int | None = None


@dataclass(frozen=True)
class Envelope:
    """One action as a phone sends it."""

    action_id: uuid.UUID
    kind: str
    claimed_at: dt.datetime
    case_no: str = ""
    seen_step: int | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    media: tuple[uuid.UUID, ...] = ()
    spot: Spot | None = None
    clock_ahead_seconds: int | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """What makes two envelopes the same action, as it is kept."""
        return {
            "kind": self.kind,
            "case_no": self.case_no,
            "inputs": dict(self.inputs),
            "media": [str(one) for one in self.media],
            "claimed_at": self.claimed_at.astimezone(dt.UTC).isoformat(),
        }


def read_report(user: User, envelope: Envelope) -> Report:
    """The report in an envelope, under the action's own id; what the street need not type is filled in.

    Without a description it is the name of the class, without an address the spot in words (place, community, or
    unit grid). Raises InvalidInput for an unknown field, class or place.
    """
    given = envelope.inputs
    if unknown := sorted(set(given) - REPORT_FIELDS):
        raise field_fault(unknown[0], "unknown", _("没有这一项:%s。") % unknown[0])
    entry = class_of(str(given.get("class_key") or ""))
    if entry is None:
        raise field_fault("class_key", "unknown", _("没有这个类别,或它已停用;请更新类别清单后重选。"))
    longitude, latitude = (_degrees(given, name) for name in ("longitude", "latitude"))
    return Report(
        class_code=entry.class_code,
        kind=entry.kind,
        std_ref=entry.version,
        longitude=longitude,
        latitude=latitude,
        description=_text(given, "description") or entry.class_name,
        address=_text(given, "address") or spot_in_words(user, longitude, latitude),
        source=Case.Source.COLLECTOR,
        reporter_type=Case.ReporterType.COLLECTOR,
        reporter=user.username,
        urgency=_text(given, "urgency") or Case.Urgency.ORDINARY,
        media=envelope.media,
        rid=envelope.action_id,
    )


def _degrees(given: Mapping[str, Any], name: str) -> float:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise field_fault(name, "required", _("没有位置;请打开定位,或在图上点出位置。"))
    return float(value)


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise field_fault(name, "text", _("应为文字。"))
    return value.strip()


def spot_in_words(user: User, longitude: float, latitude: float) -> str:
    """A place in words, as far as anything is known of it."""
    spot = around(user, longitude, latitude, limit=1)
    named = spot.address or (_("网格 %s") % spot.grid_code if spot.grid_code else "")
    return (named or f"{longitude:.5f}, {latitude:.5f}")[:ADDRESS_LENGTH]
