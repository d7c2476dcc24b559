"""Refuse private IP addresses: an image must be at a public address."""

import ipaddress
import socket
from collections.abc import Iterable

from aiohttp.abc import AbstractResolver, ResolveResult

from shared.domain.errors import Unprocessable

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Public prefix of a translator that reaches every IPv4 address, also private ones."""

PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
"""Reserved for protocols; the standard library treats a part of it as public."""


def is_public(address: str) -> bool:
    """Whether an IP address is public, also inside a mapped or translated IPv6 address."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        # Obsolete tunnels, which no image host needs, and the obsolete private range.
        if ip.sixtofour is not None or ip.teredo is not None or ip.is_site_local:
            return False
    return ip not in PROTOCOLS and ip.is_global and not ip.is_multicast and not ip.is_reserved


def refuse_private(host: str, addresses: Iterable[str]) -> None:
    """Raise `Unprocessable` when any of a host's addresses is not public."""
    for address in addresses:
        if not is_public(address):
            raise Unprocessable(
                "private_address",
                # Without the address: clients read this message and would learn our internal names.
                f"{host} has a private or reserved address; images are read from public hosts"
                " only (PREFERSTREAM_ALLOW_PRIVATE_ADDRESSES=true allows others)",
            )


def refuse_private_literal(host: str) -> None:
    """Refuse a host that is itself a private address: these reach no resolver."""
    # A dot at the end only marks an absolute name.
    host = host.rstrip(".")
    try:
        literal = str(ipaddress.ip_address(host.split("%")[0]))
    except ValueError:
        # The C library also accepts old forms of IPv4 addresses (2130706433, 0x7f.1).
        try:
            literal = socket.inet_ntoa(socket.inet_aton(host))
        except (OSError, UnicodeError):
            return
    refuse_private(host, [literal])


class CheckedResolver(AbstractResolver):
    """Resolves host names for a connection and refuses names with a private address."""

    def __init__(self, resolver: AbstractResolver, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            results = await self._resolver.resolve(host, port, family)
        except UnicodeError as error:
            raise Unprocessable("bad_uri", f"{host[:80]} cannot be the name of a host") from error
        if not results:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not self._allow_private:
            refuse_private(host, [result["host"] for result in results])
        return results

    async def close(self) -> None:
        await self._resolver.close()
