"""Failed sign-ins beyond the limit of name and address: by address whatever the names, by name whatever the addresses.

Without the first, one address could try one password with every name, and each try would write an entry into the audit
trail. Without the second, many addresses could share the tries at one name. A name is never locked: past its limit it
takes a try every few minutes, and where its owner signed in lately it takes them as before.

Addresses of IPv6 count by network (/64), which is what one customer is given. Counted in the cache: losing it costs
the counts, and who signed in where.
"""

import hashlib
import unicodedata

from django.core.cache import cache

from cityops.foundation.addresses import network_of

MOST_FAILURES = 60
"""A whole office may come from one address, so the limit is far above what people mistype."""
WITHIN_SECONDS = 15 * 60
MOST_BY_NAME = 50
"""Failures of one name in a day, from wherever; beyond, each one makes the name wait."""
DAY_SECONDS = 24 * 3600
NAME_WAITS_SECONDS = 5 * 60
KNOWN_SECONDS = 30 * 24 * 3600
"""So long an address where a name signed in does not wait with the others."""


def note_failure(address: str, name: str = "") -> None:
    """Count one failed sign-in of an address and of a name."""
    _count(_key("failed", network_of(address)), WITHIN_SECONDS)
    if name and _count(_key("failed-name", name), DAY_SECONDS) >= MOST_BY_NAME:
        cache.set(_key("waits", name), 1, NAME_WAITS_SECONDS)


def note_success(address: str, name: str) -> None:
    """Remember where a name signed in."""
    if address:
        cache.set(_key("known", name, network_of(address)), 1, KNOWN_SECONDS)


def forget_failures(name: str) -> None:
    """Let a name sign in again at once, as when it is unlocked."""
    cache.delete_many([_key("failed-name", name), _key("waits", name)])


def seconds_to_wait(address: str, name: str = "") -> int:
    """How long a sign-in from this address under this name must wait; 0 for not at all."""
    if has_failed_too_often(address):
        return WITHIN_SECONDS
    network = network_of(address)
    waits = name and cache.get(_key("waits", name)) and not cache.get(_key("known", name, network))
    return NAME_WAITS_SECONDS if waits else 0


def has_failed_too_often(address: str) -> bool:
    """Whether the address must wait."""
    return int(cache.get(_key("failed", network_of(address)), 0)) >= MOST_FAILURES


def _count(key: str, seconds: int) -> int:
    """Count one more; returns how many within ``seconds`` of the first."""
    if cache.add(key, 1, seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two lines
        cache.set(key, 1, seconds)
        return 1


def _key(kind: str, *what: str) -> str:
    """A key that holds whatever was typed as a name, at any length; two ways to write the same name are one."""
    text = unicodedata.normalize("NFKC", "\n".join(part.strip() for part in what)).casefold()
    return f"accounts:{kind}:{hashlib.blake2s(text.encode(errors='replace'), digest_size=16).hexdigest()}"
