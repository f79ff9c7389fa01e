"""From where a request comes, also behind a proxy: settled once, before anything else looks.

A proxy appends to ``X-Forwarded-For`` the address that it saw, so the last hop is the only one that the own proxy
vouches for; what stands before it was written by the caller. Without ``CITYOPS_BEHIND_PROXY`` the header counts for
nothing.
"""

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ClientAddressMiddleware:
    """Puts the client's address into ``REMOTE_ADDR``, for sign-in limits, the audit trail and everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        if settings.CITYOPS_BEHIND_PROXY and (hop := last_hop(request.headers.get("X-Forwarded-For", ""))):
            request.META["REMOTE_ADDR"] = hop
        return self.get_response(request)


def last_hop(forwarded: str) -> str:
    """The last address of an ``X-Forwarded-For``; empty where it is none."""
    try:
        return str(ip_address(forwarded.rpartition(",")[2].strip()))
    except ValueError:
        return ""


def network_of(address: str) -> str:
    """What limits count an address as: IPv4 by itself (also where IPv6 carries it), IPv6 by its /64.

    Whoever has one address of IPv6 has 2^64 of them. What is no address comes back as it is.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), 64), strict=False).network_address)


def counted_address_of(request: HttpRequest) -> str | None:
    """The client as limits count it; None where the server does not say (a socket file without a proxy)."""
    return network_of(request.META.get("REMOTE_ADDR", "")) or None
