"""Builders of partners: other platforms with their accounts, secrets and shared cases."""

import datetime as dt
import itertools
import json

from grid.interfaces.models import Partner, PartnerSecret
from grid.interfaces.services.secrets import make_secret, take_secret
from grid.interfaces.services.sending import signed_headers
from tests.factories.people import person

COUNTY = "330102000000"
THEIR_SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_numbers = itertools.count(1)


def partner(code: str = "", *, roles: tuple[str, ...] = ("department",), account=None, **fields) -> Partner:
    """A district's platform; ``roles`` are those of its integration, ``organisation`` in ``account_fields`` its own."""
    number = next(_numbers)
    code = code or f"partner-{number}"
    good = {"name": f"区平台{number}", "kind": Partner.Kind.DISTRICT, "division_code": COUNTY}
    organisation = fields.pop("organisation", None)
    account = account or person(
        roles,
        division_code=fields.pop("account_division", "330100000000"),
        username=f"{code}-account",
        is_integration=True,
        organisation=organisation,
    )
    if organisation is not None:
        good["org_code"] = organisation.org_code
    return Partner.objects.create(code=code, account=account, **{**good, **fields})


def with_secrets(one: Partner) -> str:
    """Both secrets; returns ours. The partner signs with ``THEIR_SECRET``."""
    take_secret(one.account, one, THEIR_SECRET)
    return make_secret(one.account, one)


def signed(data: dict, *, kind: str = "test.ping", msg_id: str = "msg_1", secret: str = THEIR_SECRET, at=None):
    """Body and headers of a message."""
    body = json.dumps({"type": kind, "timestamp": "2026-01-01T00:00:00Z", "data": data}).encode()
    return body, signed_headers(msg_id, body, [secret], at or dt.datetime.now(dt.UTC))


def secrets_of(one: Partner, direction: str) -> int:
    """How many there are."""
    return PartnerSecret.objects.filter(partner=one, direction=direction).count()
