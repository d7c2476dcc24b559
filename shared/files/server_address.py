"""Read the address of an HTTP server from a setting; a password in it would be logged."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

PREFIX: Final = "PREFERSTREAM_"


def server_address(address: str, *, setting: str, routes: Sequence[str] = ("/v1",)) -> str:
    """The address without a route of the API at its end, and without a query.

    Raises `ValueError` for an address with a user or a password, which its text does not repeat.
    """
    parts = _split(address, setting)
    if "@" in parts.netloc:
        raise ValueError(
            f"{PREFIX}{setting} contains a user or a password, which would be logged; put the key"
            f" into {PREFIX}{setting}_KEY"
        )
    path = parts.path.rstrip("/")
    for route in routes:
        path = path.removesuffix(route)
    return SplitResult(parts.scheme, parts.netloc, path or "/", "", "").geturl()


def _split(address: str, setting: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{PREFIX}{setting} is no address of a server: {error}") from None
    if not parts.hostname:
        raise ValueError(f"{PREFIX}{setting} names no host; expected http://host:8000")
    return parts
