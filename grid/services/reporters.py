"""Who reported, in a form that cannot be turned back: names and numbers of the public never leave the city."""

from django.utils.crypto import salted_hmac

from grid.models import Case


def reporter_id(reporter_type: str, identity: str) -> str:
    """What is kept of a reporter: the staff number of a collector, a keyed hash of everybody else, '' for nobody.

    The hash is HMAC-SHA-256 under this instance's own secret, 64 hex digits: the same caller gives the same value (so
    repeated reports can be seen) but neither a province nor a thief of the table can try phone numbers against it
    without the city's secret.
    """
    identity = identity.strip()
    if not identity:
        return ""
    if reporter_type == Case.ReporterType.COLLECTOR:
        return identity[:64]
    return salted_hmac("cityops.grid.reporter", identity, algorithm="sha256").hexdigest()
