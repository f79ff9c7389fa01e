"""How often an address failed to sign in, whatever names it tried: the limit beside the one of name and address.

Without it one address could try one password with every name, and each try would write an entry into the audit trail.
Counted in the cache: losing it costs the count of a quarter of an hour.
"""

from django.core.cache import cache

MOST_FAILURES = 60
"""A whole office may come from one address, so the limit is far above what people mistype."""
WITHIN_SECONDS = 15 * 60


def note_failure(address: str) -> None:
    """Count one failed sign-in of an address."""
    if not cache.add(_key(address), 1, WITHIN_SECONDS):
        try:
            cache.incr(_key(address))
        except ValueError:  # it ran out between the two lines
            cache.set(_key(address), 1, WITHIN_SECONDS)


def has_failed_too_often(address: str) -> bool:
    """Whether the address must wait."""
    return int(cache.get(_key(address), 0)) >= MOST_FAILURES


def _key(address: str) -> str:
    return f"accounts:failed:{address}"
