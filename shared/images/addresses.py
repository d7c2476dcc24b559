"""Refuse the addresses that only we can reach: an image's address must be a public one."""

import ipaddress
from collections.abc import Iterable

from shared.errors import Unprocessable

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Public prefix under which a translator reaches any IPv4 address, private ones included."""


def is_public(address: str) -> bool:
    """Whether an IP address is reachable by anybody, whatever form it is wrapped in."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def refuse_private(host: str, addresses: Iterable[str]) -> None:
    """Raise `Unprocessable` when any of a host's addresses is not public."""
    for address in addresses:
        if not is_public(address):
            raise Unprocessable(
                "private_address",
                f"{host} is at {address}, a private or reserved address; images are read from"
                " public hosts only (PREFERSTREAM_ALLOW_PRIVATE_ADDRESSES=true allows others)",
            )
