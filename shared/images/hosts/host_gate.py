"""Decide whether and when an image host is contacted: limits per host, and circuit breakers.

Two kinds of circuits open after some failures in a row: a host's circuit, and the circuit of one
address. Failures to connect count for the host each time. Other failures (a time-out, a status of
500 or more, a response that ends early) count for the host once per address, so that one bad
address on a good host opens its own circuit only.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Final, Literal, NamedTuple

from shared.domain.errors import Unavailable
from shared.domain.limits.circuit_breaker import CircuitBreaker, Permit, Refusal
from shared.domain.limits.fair_limiter import FairLimiter
from shared.images.display_name import short
from shared.images.settings import ImageSettings

PART: Final = "image host"
MAX_CIRCUITS: Final = 10_000
"""Failing hosts and failing addresses that are stored, each; about 5 MB."""
GUARANTEED_CONNECTIONS: Final = 4
"""Connections that every requester gets, even when all are in use."""
FailureKind = Literal["connect", "timeout", "status", "closed"]


def for_requester(per_host: int) -> int:
    """Images of one requester at the same time: some more than from one host, for other hosts."""
    return per_host + (per_host + 1) // 2


class Host(NamedTuple):
    """A host as its limits and its circuit identify it."""

    scheme: str
    name: str
    port: int | None


class HostFailed(Exception):
    """The host did not serve the image now: the gate counts it and raises `Unavailable`."""

    def __init__(self, part: str, detail: str, *, kind: FailureKind) -> None:
        super().__init__(f"{part}: {detail}")
        self.part = part
        self.detail = detail
        self.kind = kind


class Visit:
    """One request to a host."""

    def __init__(self) -> None:
        self.has_answered = False

    def answered(self) -> None:
        """The host works, whatever is then wrong with the image (a 404, too many bytes)."""
        self.has_answered = True


class HostGate:
    """The limits and circuits of all image hosts; one for a loader."""

    def __init__(
        self, settings: ImageSettings, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._connections = FairLimiter(
            settings.image_web_concurrency,
            per_requester=for_requester(settings.image_concurrency),
            per_group=settings.image_host_concurrency,
            per_requester_in_group=settings.image_concurrency,
            guaranteed=GUARANTEED_CONNECTIONS,
            now=now,
        )
        self._hosts, self._addresses = (
            CircuitBreaker(
                failures=settings.image_circuit_failures,
                open_seconds=settings.image_circuit_open_seconds,
                max_keys=MAX_CIRCUITS,
                now=now,
            )
            for _ in range(2)
        )
        self.failures: Counter[FailureKind] = Counter()
        """Failures of hosts by kind, since the start."""
        self.refused = 0
        """Loads that failed at once because a circuit was open, since the start."""

    @property
    def open_circuits(self) -> dict[str, int]:
        """Open circuits now, of hosts and of single addresses."""
        return {"host": self._hosts.open_circuits, "address": self._addresses.open_circuits}

    @asynccontextmanager
    async def visit(self, host: Host, uri: str, requester: Hashable) -> AsyncIterator[Visit]:
        """Wait for a connection to the host, and report the result of the block to the circuits.

        Raises `Unavailable` at once while the circuit of the host or of the address is open, and
        when the block raises `HostFailed`.
        """
        # The whole address may be long; its hash identifies it.
        address = (host, hash(uri))
        self._refuse(uri, self._hosts.refusal(host), "its host has")
        self._refuse(uri, self._addresses.refusal(address), "it has")
        async with self._connections.place(requester, group=host):
            # Again: the circuit may have opened while this load waited for a connection.
            permits = self._admit(uri, host, address)
            visit = Visit()
            try:
                yield visit
                visit.answered()
            except HostFailed as error:
                self._failed(error, *permits, address=address)
                raise Unavailable(error.part, error.detail) from error
            finally:
                self._close(visit, *permits)

    def _admit(self, uri: str, host: Host, address: Hashable) -> tuple[Permit, Permit]:
        of_host = self._hosts.admit(host)
        if isinstance(of_host, Refusal):
            raise self._refused(uri, of_host, "its host has")
        of_address = self._addresses.admit(address)
        if isinstance(of_address, Refusal):
            self._hosts.abandoned(of_host)
            raise self._refused(uri, of_address, "it has")
        return of_host, of_address

    def _failed(
        self, error: HostFailed, of_host: Permit, of_address: Permit, *, address: Hashable
    ) -> None:
        self.failures[error.kind] += 1
        if error.kind == "connect":
            self._hosts.failed(of_host)
        else:
            self._hosts.failed(of_host, evidence=address)
            self._addresses.failed(of_address)

    def _close(self, visit: Visit, of_host: Permit, of_address: Permit) -> None:
        if visit.has_answered:
            self._hosts.succeeded(of_host)
            self._addresses.succeeded(of_address)
        else:
            # Without effect after a failure, which has ended the trial already.
            self._hosts.abandoned(of_host)
            self._addresses.abandoned(of_address)

    def _refuse(self, uri: str, refusal: Refusal | None, subject: str) -> None:
        if refusal is not None:
            raise self._refused(uri, refusal, subject)

    def _refused(self, uri: str, refusal: Refusal, subject: str) -> Unavailable:
        self.refused += 1
        return Unavailable(
            PART,
            f"{short(uri)}: {subject} failed {refusal.failures} times in a row; next attempt in"
            f" {max(refusal.retry_seconds, 1.0):.0f} s",
        )
