"""Refuse the addresses that only we can reach: an image's address must be a public one."""

import ipaddress
import socket
from collections.abc import Iterable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.domain.errors import Unprocessable

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Public prefix under which a translator reaches any IPv4 address, private ones included."""

PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
"""Kept for protocols; the standard library calls a part of it public."""


def is_public(address: str) -> bool:
    """Whether an IP address is reachable by anybody, whatever form it is wrapped in."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        # Retired tunnels, which no image host needs, and the retired private range.
        if ip.sixtofour is not None or ip.teredo is not None or ip.is_site_local:
            return False
    return ip not in PROTOCOLS and ip.is_global and not ip.is_multicast and not ip.is_reserved


def refuse_private(host: str, addresses: Iterable[str]) -> None:
    """Raise `Unprocessable` when any of a host's addresses is not public."""
    for address in addresses:
        if not is_public(address):
            raise Unprocessable(
                "private_address",
                # Not which: strangers read refusals, and would learn what our names lead to.
                f"{host} is at a private or reserved address; images are read from public hosts"
                " only (PREFERSTREAM_ALLOW_PRIVATE_ADDRESSES=true allows others)",
            )


def refuse_private_literal(host: str) -> None:
    """Refuse a host that is itself a private address: no resolver is asked for those."""
    # A dot at the end only says that the name is whole.
    host = host.rstrip(".")
    try:
        literal = str(ipaddress.ip_address(host.split("%")[0]))
    except ValueError:
        # Old spellings of IPv4 (2130706433, 0x7f.1) are addresses to the C library.
        try:
            literal = socket.inet_ntoa(socket.inet_aton(host))
        except (OSError, UnicodeError):
            return
    refuse_private(host, [literal])


class CheckedResolver(AbstractResolver):
    """Resolves names for a connection, and refuses those that lead to a private address."""

    def __init__(
        self, *, allow_private: bool = False, names: AbstractResolver | None = None
    ) -> None:
        self._allow_private = allow_private
        self._names = names or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            found = await self._names.resolve(host, port, family)
        except UnicodeError as error:
            raise Unprocessable("bad_uri", f"{host[:80]} cannot be the name of a host") from error
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not self._allow_private:
            refuse_private(host, [one["host"] for one in found])
        return found

    async def close(self) -> None:
        await self._names.close()
