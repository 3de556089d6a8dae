"""Which addresses may be called: the public internet, unless the caller opens more.

A host is resolved here, all of its addresses are checked, and the connection is made to one that was: a name
that answers with something else the second time gains nothing. Networks are those of the IANA registries of
special-purpose addresses (RFC 6890).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from vcci.clients.remote_errors import address_refused, away

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host as texts; raises OSError where it has none."""


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


METADATA: Final = "cloud metadata"
LOOPBACK: Final = "loopback"
PRIVATE: Final = "private"
SHARED: Final = "carrier's shared"
RESERVED: Final = "reserved"

KINDS: Final[tuple[tuple[str, tuple[Network, ...]], ...]] = (
    (
        METADATA,
        _networks(
            "169.254.169.254/32",
            "169.254.170.2/32",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "192.0.0.192/32",
            "fd00:ec2::/32",
        ),
    ),
    ("unspecified", _networks("0.0.0.0/8", "::/128")),
    (LOOPBACK, _networks("127.0.0.0/8", "::1/128")),
    (PRIVATE, _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
    (SHARED, _networks("100.64.0.0/10")),
    ("link-local", _networks("169.254.0.0/16", "fe80::/10")),
    ("multicast", _networks("224.0.0.0/4", "ff00::/8")),
    ("tunnel", _networks("2002::/16", "2001::/32", "192.88.99.0/24")),
    (
        RESERVED,
        _networks(
            "192.0.0.0/24",
            "192.0.2.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4",
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20",
        ),
    ),
)
"""Addresses that are not called, by what they are; the first that fits counts."""

OPENED: Final = frozenset({LOOPBACK, PRIVATE, SHARED})
"""What `allow_private` opens. Metadata services, which hand out credentials, take an explicit network."""

UNICAST: Final = IPv6Network("2000::/3")
TRANSLATED: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Public addresses, those of `allowed` and, if `allow_private`, of one's own machine and networks."""

    allow_private: bool = False
    allowed: tuple[Network, ...] = ()

    def refusal(self, address: Address) -> str | None:
        """Return what kind of address it is that may not be called, None where it may."""
        real = _real(address)
        if any(real in network for network in self.allowed):
            return None
        kind = next((kind for kind, networks in KINDS if any(real in network for network in networks)), None)
        if kind is None and real.version == 6 and real not in UNICAST:
            return RESERVED
        return None if self.allow_private and kind in OPENED else kind


PUBLIC_ONLY: Final = AddressRules()


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the system resolves it, in its order of preference."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))


async def checked_addresses(
    host: str, port: int, *, rules: AddressRules, resolve: Resolve = system_addresses
) -> list[str]:
    """Return the addresses of a host if all of them may be called; raises `RemoteCallError` otherwise."""
    try:
        texts = await resolve(host, port)
    except (OSError, UnicodeError):
        raise away(host, "its name has no address") from None
    if not texts:
        raise away(host, "its name has no address")
    for text in texts:
        kind = rules.refusal(ip_address(text))
        if kind is not None:
            raise address_refused(host, kind)
    return list(texts)


def _real(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in TRANSLATED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
