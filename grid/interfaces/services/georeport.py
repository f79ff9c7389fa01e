"""Register what another system reports for the public by Open311."""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.coordinates import CoordinateSystem
from cityops.foundation.errors import InvalidInput, NotThere
from grid.interfaces.rules.georeport import parse_service_code
from grid.interfaces.selectors.georeport import service_of
from grid.models import Case
from grid.services.cases import Registered, Report, register
from grid.services.reporting_hooks import KEEPERS, keep_reporter

COMPONENT_ATTRIBUTE = "COMPONENT"
"""The one attribute that services of components ask for: the identifier of the component."""


PERSONAL = ("first_name", "last_name", "phone", "email", "account_id", "device_id")
"""What a person may give of itself with a request (GeoReport v2)."""


@dataclass(frozen=True)
class Submission:
    """A request as it was sent. Longitude and latitude in degrees of WGS 84, which equals CGCS2000 for our use."""

    service_code: str
    longitude: float
    latitude: float
    description: str = ""
    address: str = ""
    component_id: str = ""
    personal: dict[str, str] = field(default_factory=dict)
    """What the person gave of itself, by the names of ``PERSONAL``."""


@dataclass(frozen=True)
class Submitted:
    """The case that a request became, and whether what the person gave of itself is kept."""

    registered: Registered
    is_kept: bool


def submit(user: User, sent: Submission) -> Submitted:
    """Register a request as a case of the public (source 03).

    Raises NotThere for a service that is not in force, and what ``register`` raises: NotAllowed, InvalidInput.
    """
    kind, class_code = parse_service_code(sent.service_code)
    entry = service_of(kind, class_code)
    if entry is None:
        raise NotThere(_("没有服务 %s;请从 services 取得现行的 service_code。") % sent.service_code)
    if sent.component_id and kind != Case.Kind.COMPONENT:
        raise InvalidInput(_("只有部件类的服务才有属性 %s。") % COMPONENT_ATTRIBUTE)
    report = Report(
        class_code=class_code,
        kind=kind,
        std_ref=entry.version,
        longitude=sent.longitude,
        latitude=sent.latitude,
        description=sent.description.strip() or entry.class_name,
        address=sent.address.strip() or _("%(lat).5f, %(lon).5f 附近") % {"lat": sent.latitude, "lon": sent.longitude},
        component_id=sent.component_id,
        source=Case.Source.PUBLIC,
        reporter_type=Case.ReporterType.PUBLIC,
        reporter=_identity(sent.personal),
        coordinate_system=CoordinateSystem.WGS84,
    )
    with transaction.atomic():
        registered = register(user, report)
        contact = _contact(sent.personal)
        if registered.is_new:
            keep_reporter(registered.rid, **contact)
    return Submitted(registered, bool(KEEPERS) or not any(sent.personal.values()))


def _contact(personal: dict[str, str]) -> dict[str, str]:
    """Name and numbers as who keeps reporters takes them; a Chinese name is written without a space."""
    last, first = personal.get("last_name", ""), personal.get("first_name", "")
    gap = " " if last.isascii() and first.isascii() and last and first else ""
    name = f"{first}{gap}{last}" if gap else f"{last}{first}"
    return {"name": name, "phone": personal.get("phone", ""), "email": personal.get("email", "")}


def _identity(personal: dict[str, str]) -> str:
    """By what a person is known again; the core keeps a keyed hash of it only."""
    return next((personal[name] for name in ("phone", "email", "account_id", "device_id") if personal.get(name)), "")
