"""Resolve host names without threads, so that names that never resolve block no other work.

`aiohttp.ThreadedResolver` runs the C library's lookup in asyncio's default executor, which has six
threads on two cores and serves file reads too. A lookup that hangs there cannot be cancelled.
c-ares (aiodns) waits on a socket instead.
"""

import socket
from collections.abc import Sequence
from typing import Any, Final

import aiodns
from aiodns.error import ARES_EBADNAME, ARES_ENODATA, ARES_ENOTFOUND, DNSError
from aiohttp.abc import AbstractResolver, ResolveResult

QUERY_SECONDS: Final = 1.5
"""Seconds until a query is sent again; a name server answers in milliseconds."""
TRIES: Final = 3
UNKNOWN: Final = frozenset({ARES_ENOTFOUND, ARES_ENODATA})


class NameResolver(AbstractResolver):
    """Addresses from the hosts file and the name servers of this machine.

    Raises `socket.gaierror`, as the C library does: `EAI_NONAME` for a name that does not exist,
    else `EAI_AGAIN`; and `UnicodeError` for text that cannot be a name.
    """

    def __init__(self, name_servers: Sequence[str] | None = None) -> None:
        """`name_servers` as `address:port` replace those of this machine."""
        self._name_servers = name_servers
        self._resolver: aiodns.DNSResolver | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self._resolver is None:
            self._resolver = aiodns.DNSResolver(
                self._name_servers, timeout=QUERY_SECONDS, tries=TRIES
            )
        try:
            result = await self._resolver.getaddrinfo(
                host,
                port=port,
                family=family,
                type=socket.SOCK_STREAM,
                flags=socket.AI_ADDRCONFIG,
            )
        except DNSError as error:
            raise _translated(error) from error
        return [
            ResolveResult(
                hostname=host,
                host=_numeric(node.addr),
                port=port,
                family=node.family,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for node in result.nodes
        ]

    async def close(self) -> None:
        if self._resolver is not None:
            resolver, self._resolver = self._resolver, None
            await resolver.close()


def _numeric(address: tuple[Any, ...]) -> str:
    text = str(address[0], "ascii") if isinstance(address[0], bytes) else str(address[0])
    # A link-local IPv6 address is only valid with the interface that it belongs to.
    scope = address[3] if len(address) > 3 else 0
    return f"{text}%{scope}" if scope else text


def _translated(error: DNSError) -> Exception:
    code, *_ = error.args
    if code == ARES_EBADNAME:
        return UnicodeError("not the name of a host")
    if code in UNKNOWN:
        return socket.gaierror(socket.EAI_NONAME, "no such name")
    return socket.gaierror(socket.EAI_AGAIN, "the name servers do not answer")
