"""Share memory and threads for images between requesters: encoded images, file reads, decoding."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Protocol, TypeVar

from shared.domain.limits.fair_limiter import FairLimiter, Lease
from shared.images.hosts.host_gate import for_requester
from shared.images.settings import ImageSettings

T = TypeVar("T")
LARGE_BYTES: Final = 1024 * 1024
"""An image of more bytes needs a place among the large ones: it may have twenty times as many."""
LARGE_PLACES: Final = 16
FILE_THREADS: Final = 8
FILES: Final = 32
"""Files in memory that are being read or wait for decoding."""
MAX_DECODE_THREADS: Final = 8
"""Without a setting: a container may have fewer cores than its machine."""
MAX_AUTHORITY: Final = 300
GUARANTEED: Final = 2
"""Encoded images that every requester may hold, even when all places are in use."""


class RunInThread(Protocol):
    """Runs blocking work in a thread and returns its result."""

    def __call__(self, work: Callable[[], T], /) -> Coroutine[Any, Any, T]: ...


class FairThreads:
    """Threads for one kind of blocking work, shared fairly between requesters.

    Each kind has its own threads, because asyncio's default executor has few of them: work that
    hangs there would block everything else.
    """

    def __init__(self, name: str, size: int) -> None:
        self._limiter = FairLimiter(size, per_requester=max(1, size // 2))
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=name)

    @asynccontextmanager
    async def thread(self, requester: Hashable) -> AsyncIterator[RunInThread]:
        """A thread for the block; it is only free again when the work in it has ended.

        Work in a thread cannot be cancelled. If the caller is, the work ends unobserved.
        """
        lease = await self._limiter.acquire(requester)
        started: list[asyncio.Future[Any]] = []

        async def run(work: Callable[[], T], /) -> T:
            future = asyncio.get_running_loop().run_in_executor(self._executor, work)
            started.append(future)
            return await asyncio.shield(future)

        try:
            yield run
        finally:
            unfinished = [future for future in started if not future.done()]
            for future in unfinished:
                future.add_done_callback(lambda ended: _release(lease, ended))
            if not unfinished:
                lease.release()

    def close(self) -> None:
        """Start no more work; the threads end with their present work."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class Body:
    """The bytes of one image that arrive from outside; asks for a place when they become many."""

    def __init__(self, large: FairLimiter, requester: Hashable) -> None:
        self._large = large
        self._requester = requester
        self._lease: Lease | None = None

    async def expect(self, size: int, clock: asyncio.Timeout | None = None) -> None:
        """Wait until `size` bytes may be in memory; the time-out `clock` stands still meanwhile.

        This wait ends, because every image with a place arrives in time or fails, and is decoded.
        """
        if size <= LARGE_BYTES or self._lease is not None:
            return
        with _paused(clock):
            self._lease = await self._large.acquire(self._requester)

    def release(self) -> None:
        """Give the place back."""
        if self._lease is not None:
            self._lease.release()


class ImageCapacity:
    """The capacity of one loader; files and images from the network have separate places."""

    def __init__(self, settings: ImageSettings) -> None:
        # Fetching and waiting for decoding: the second half keeps the connections in use.
        self._fetched = FairLimiter(
            settings.image_web_concurrency + settings.image_web_concurrency // 2,
            per_requester=2 * for_requester(settings.image_concurrency),
            per_requester_in_group=2 * settings.image_concurrency,
            guaranteed=2 * GUARANTEED,
        )
        self._large = FairLimiter(LARGE_PLACES, per_requester=LARGE_PLACES // 4)
        self._files = FairLimiter(FILES, per_requester=FILES // 4, guaranteed=GUARANTEED)
        self.file_threads = FairThreads("image-file", FILE_THREADS)
        cores = settings.image_decode_concurrency or _cores()
        # One requester keeps the cores busy, and the second half is for the others.
        self.decode_threads = FairThreads("image-decode", 2 * cores)
        # Costly images leave cores to all other work.
        self.costly_threads = FairThreads("image-costly", max(1, cores // 2))

    @asynccontextmanager
    async def fetched(self, uri: str, requester: Hashable) -> AsyncIterator[Body]:
        """A place for an image from the network, until it is decoded.

        The hosts in one request take turns, so that a slow one delays its other images less.
        """
        async with self._fetched.place(requester, group=_authority(uri)):
            body = Body(self._large, requester)
            try:
                yield body
            finally:
                body.release()

    @asynccontextmanager
    async def file(self, requester: Hashable) -> AsyncIterator[None]:
        """A place for an image from a file, until it is decoded."""
        async with self._files.place(requester):
            yield

    def close(self) -> None:
        """Let the threads end."""
        self.file_threads.close()
        self.decode_threads.close()
        self.costly_threads.close()


def _authority(uri: str) -> str:
    """The part of an address that names its host or bucket."""
    return uri.partition("//")[2].partition("/")[0][:MAX_AUTHORITY].lower()


def _cores() -> int:
    return min(max(os.cpu_count() or 2, 2), MAX_DECODE_THREADS)


@contextmanager
def _paused(clock: asyncio.Timeout | None) -> Iterator[None]:
    """The time-out stands still during the block, and then has as much time left as before."""
    ends_at = None if clock is None else clock.when()
    if clock is None or ends_at is None:
        yield
        return
    loop = asyncio.get_running_loop()
    paused_at = loop.time()
    clock.reschedule(None)
    try:
        yield
    finally:
        if not clock.expired():
            clock.reschedule(ends_at + loop.time() - paused_at)


def _release(lease: Lease, ended: asyncio.Future[Any]) -> None:
    if not ended.cancelled():
        # Retrieved, since nobody waits for it: asyncio would report a failure as never retrieved.
        ended.exception()
    lease.release()
