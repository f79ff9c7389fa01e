"""What is shown of reporters: masked, with who opened the record, and what others asked to have conveyed."""

from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.models import Case
from grid.reporters.models import ContactRequest, OpeningAlarm, Reporter, ReporterOpening
from grid.reporters.models.contacts import ContactRequestQuerySet
from grid.reporters.models.reporters import CLOSED
from grid.reporters.rules.cipher import CannotOpen, FieldCipher
from grid.reporters.rules.masking import masked_address, masked_email, masked_name, masked_phone

MASKS = {"name": masked_name, "phone": masked_phone, "email": masked_email, "address": masked_address}


@dataclass(frozen=True)
class Masked:
    """A reporter as everybody with the permission sees him."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    is_readable: bool = True
    """False where the key is not here."""


def masked(record: Reporter, keys: FieldCipher) -> Masked:
    """A record with its texts masked."""
    try:
        shown = {name: MASKS[name](keys.open(bytes(getattr(record, name)), record.place(name))) for name in CLOSED}
    except CannotOpen:
        return Masked(is_readable=False)
    return Masked(shown["name"], shown["phone"], shown["email"], shown["address"])


def reporter_of(case: Case) -> Reporter | None:
    """The record of a case that the caller has looked up for its reader; None for an anonymous report."""
    try:
        record: Reporter = case.reporter
    except ObjectDoesNotExist:
        return None
    return record


def get_reporter(user: User, case_no: str) -> Reporter:
    """The record of one case. Raises NotThere where the case is not the person's own to work on, or there is none."""
    rows = Reporter.objects.workable_by(user).filter(case__case_no=case_no)
    record: Reporter | None = rows.select_related("case").first()
    if record is None:
        raise NotThere
    return record


def openings_of(record: Reporter) -> list[ReporterOpening]:
    """Who opened a record, the latest first."""
    return list(record.openings.select_related("opened_by", "opened_by__organisation"))


def requests_of(case: Case) -> list[ContactRequest]:
    """What was asked to be conveyed about a case, the latest first."""
    return list(ContactRequest.objects.filter(case=case).select_related("asked_by", "answered_by"))


def get_request(user: User, pk: int) -> ContactRequest:
    """One request. Raises NotThere where the person may not see its case."""
    found: ContactRequest | None = ContactRequest.objects.workable_by(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def waiting_requests(user: User) -> ContactRequestQuerySet:
    """The requests that nobody has answered, the oldest first."""
    rows: ContactRequestQuerySet = ContactRequest.objects.workable_by(user)
    return rows.waiting().select_related("case", "asked_by", "asked_by__organisation").order_by("asked_at", "id")


def recent_alarms(user: User) -> list[OpeningAlarm]:
    """The latest alarms about people of the reader's division."""
    rows = OpeningAlarm.objects.filter(person__division_code__startswith=user.scope_prefix)
    return list(rows.select_related("person")[:10])
