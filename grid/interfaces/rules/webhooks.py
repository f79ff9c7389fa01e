"""Webhooks by the Standard Webhooks specification: when to try again, and where they may go."""

import ipaddress
import re
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Waits after the first, second … failure (the schedule that the specification proposes); then it has failed."""
TOLERANCE_SECONDS = 300
"""How far the time of a message may lie from ours, either way."""
LARGEST_MESSAGE = 8 << 20
"""Bytes of a webhook that are read or sent."""
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}")
"""24 to 64 bytes in base64, as the specification asks."""
MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,64}")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64: every IPv4 address, private ones too."""


class AddressFault(ValueError):
    """An address is none that webhooks go to."""


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts; None where none is left."""
    return RETRIES[attempts - 1] if attempts <= len(RETRIES) else None


def parts_of(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path with query of an address. Raises AddressFault with a word for what is wrong."""
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        raise AddressFault("url") from None
    if found.scheme not in ("http", "https") or not found.hostname or found.fragment or not url.isprintable():
        raise AddressFault("url")
    if found.username or found.password:
        raise AddressFault("credentials")
    path = (found.path or "/") + (f"?{found.query}" if found.query else "")
    if not path.isascii() or " " in path:
        raise AddressFault("url")
    return found.scheme, found.hostname, port or (443 if found.scheme == "https" else 80), path


def check_address(address: str, scheme: str, allowed: Iterable[str]) -> IpAddress:
    """The resolved address, where a webhook may go there. Raises AddressFault.

    Public addresses by https; others only inside ``allowed`` networks; loopback also without TLS. What stands for an
    IPv4 address inside an IPv6 one counts as that.
    """
    found: IpAddress = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    networks: list[Network] = [ipaddress.ip_network(one, strict=False) for one in allowed]
    if isinstance(found, ipaddress.IPv6Address) and (found.sixtofour or found.teredo or found in _TRANSLATED):
        raise AddressFault("private")  # an IPv4 address inside, which another machine would call
    is_named = any(found.version == one.version and found in one for one in networks)
    if not is_named and (not found.is_global or found.is_multicast):
        raise AddressFault("private")
    if scheme != "https" and not (is_named and found.is_loopback):
        raise AddressFault("https")
    return found
