"""Slow hosts and large images of one request do not delay the images of another."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from PIL import Image

from shared.domain.errors import Unavailable
from shared.images.loader import ImageLoader, LoadedImage
from shared.images.settings import ImageSettings
from tests.integration.images.stranger_hosts import StrangerHosts, stranger_hosts
from tests.unit.shared.images.bad_images import encoded

REPETITIONS = 15
MOST = 2.0
"""Times the latency without the others. The goal is 1.2, which a quiet machine shows; one image
host that drips made it 30 and more. Machines that run tests are not quiet."""
SLACK_SECONDS = 0.1
ATTEMPTS = 3
SLATE_SECONDS = 5.0

Slate = Callable[[int], Sequence[str]]
"""The images of a request, by its number."""


@pytest.fixture(scope="module")
def hosts() -> Iterator[StrangerHosts]:
    with stranger_hosts() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for number in range(10):
        image = Image.effect_noise((320, 240), 20 + number).convert("RGB")
        image.save(folder / f"small-{number}.jpg")
    large = Image.effect_noise((500, 375), 80).resize((3200, 2400)).convert("RGB")
    for number in range(30):
        large.save(folder / f"large-{number}.jpg")
    return folder


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[ImageLoader]:
    loader = ImageLoader(
        ImageSettings(
            allowed_file_roots=(folder,),
            allow_private_addresses=True,
            allow_http=True,
            **settings,
        )
    )
    try:
        yield loader
    finally:
        await loader.close()


async def latencies(loader: ImageLoader, uris: Sequence[str]) -> list[float]:
    """Seconds of the neighbor's requests, all of whose images must arrive."""
    seconds = []
    for _ in range(REPETITIONS):
        started_at = time.perf_counter()
        images = await loader.load_many(uris, within_seconds=30, requester="neighbor")
        seconds.append(time.perf_counter() - started_at)
        assert all(isinstance(image, LoadedImage) for image in images)
        await asyncio.sleep(0.02)
    return seconds


async def again_and_again(loader: ImageLoader, slate: Slate, *, requester: str) -> None:
    number = 0
    while True:
        number += 1
        await loader.load_many(slate(number), within_seconds=SLATE_SECONDS, requester=requester)
        await asyncio.sleep(0.01)


async def check_neighbor(loader: ImageLoader, uris: Sequence[str], slates: Sequence[Slate]) -> None:
    """The neighbor's images arrive, about as fast as without the slates of the others.

    Other work on the machine can slow one attempt; a loader that lets neighbors wait slows all.
    """
    measured = []
    for _ in range(ATTEMPTS):
        alone, together = await alone_and_together(loader, uris, slates)
        if median(together) < MOST * median(alone) + SLACK_SECONDS:
            return
        measured.append((alone, together))
    pytest.fail(f"the neighbor waits for the others: {measured}")


async def alone_and_together(
    loader: ImageLoader, uris: Sequence[str], slates: Sequence[Slate]
) -> tuple[list[float], list[float]]:
    """Seconds of the neighbor's requests without the slates of the others, and beside them."""
    await latencies(loader, uris)
    alone = await latencies(loader, uris)
    others = [
        asyncio.create_task(again_and_again(loader, slate, requester=f"other {number}"))
        for number, slate in enumerate(slates)
    ]
    await asyncio.sleep(0.3)
    together = await latencies(loader, uris)
    running = [task for task in others if not task.done()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    alone += await latencies(loader, uris)
    assert len(running) == len(slates)
    return alone, together


def local(folder: Path) -> list[str]:
    return [f"file://{folder}/small-{number}.jpg" for number in range(10)]


def slate_on(uri: Callable[..., str], *, size: int, first_host: int, hosts: int = 1) -> Slate:
    """A slate whose images are on `hosts` different hosts; every request has new addresses."""
    return lambda number: [
        uri(f"{number}-{image}", number=first_host + image % hosts) for image in range(size)
    ]


async def test_one_slate_on_a_dripping_host(hosts: StrangerHosts, folder: Path) -> None:
    for size in (50, 300):
        async with opened(folder) as loader:
            slate = slate_on(hosts.dripping, size=size, first_host=1)
            await check_neighbor(loader, local(folder), [slate])


async def test_forty_slates_on_forty_dripping_hosts(hosts: StrangerHosts, folder: Path) -> None:
    slates = [slate_on(hosts.dripping, size=50, first_host=number) for number in range(40)]
    good = [hosts.good(number, number=900) for number in range(10)]
    async with opened(folder) as loader:
        await check_neighbor(loader, local(folder), slates)
    async with opened(folder) as loader:
        await check_neighbor(loader, good, slates)


async def test_forty_slates_on_one_dripping_host(hosts: StrangerHosts, folder: Path) -> None:
    async with opened(folder) as loader:
        slate = slate_on(hosts.dripping, size=50, first_host=1)
        await check_neighbor(loader, local(folder), [slate] * 40)


async def test_three_hundred_images_on_as_many_silent_hosts(
    hosts: StrangerHosts, folder: Path
) -> None:
    async with opened(folder) as loader:
        slate = slate_on(hosts.silent, size=300, first_host=0, hosts=300)
        await check_neighbor(loader, local(folder), [slate])


async def test_redirects_from_a_good_host_to_a_dripping_one_leave_the_good_host_free(
    hosts: StrangerHosts, folder: Path
) -> None:
    def slate(number: int) -> list[str]:
        return [
            hosts.redirecting(hosts.dripping(f"{number}-{image}", number=1), number=900)
            for image in range(300)
        ]

    good = [hosts.good(number, number=900) for number in range(10)]
    async with opened(folder, image_host_concurrency=12) as loader:
        await check_neighbor(loader, good, [slate])


async def test_large_local_files_do_not_delay_small_ones(folder: Path) -> None:
    async with opened(folder) as loader:
        files = [f"file://{folder}/large-{number}.jpg" for number in range(30)]
        await check_neighbor(loader, local(folder), [lambda number: files] * 2)


async def test_three_hundred_large_images_in_a_request_do_not_delay_small_ones(
    folder: Path,
) -> None:
    content = base64.b64encode(encoded(Image.new("RGB", (2600, 2000), "teal"), "JPEG")).decode()

    def slate(number: int) -> list[str]:
        return [f"data:image/jpeg;n={number}-{image};base64,{content}" for image in range(300)]

    async with opened(folder) as loader:
        await check_neighbor(loader, local(folder), [slate])


async def test_a_store_that_hangs_does_not_delay_the_images_of_others(
    hosts: StrangerHosts, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    endpoint = hosts.silent("", number=7).partition("/silent")[0]
    slates: list[Slate] = [
        lambda number: [f"s3://silent/{number}-{image}.png" for image in range(50)]
    ]
    good = [hosts.good(number, number=900) for number in range(10)]
    async with opened(folder, s3_endpoint=endpoint) as loader:
        await check_neighbor(loader, [*local(folder), *good], slates)


async def test_all_images_of_a_slow_host_arrive(hosts: StrangerHosts, folder: Path) -> None:
    async with opened(folder) as loader:
        uris = [hosts.good(number, after_seconds=0.4) for number in range(50)]
        images = await loader.load_many(uris, within_seconds=60, requester="one")
    assert all(isinstance(image, LoadedImage) for image in images)


async def test_a_slate_on_a_dripping_host_ends_at_its_deadline_and_keeps_its_good_images(
    hosts: StrangerHosts, folder: Path
) -> None:
    uris = [hosts.dripping(number) for number in range(50)] + local(folder)
    async with opened(folder) as loader:
        started_at = time.perf_counter()
        images = await loader.load_many(uris, within_seconds=1.0, requester="one")
        seconds = time.perf_counter() - started_at
    assert [type(image) for image in images] == [Unavailable] * 50 + [LoadedImage] * 10
    assert seconds < 3.0


async def test_good_images_after_dripping_ones_of_the_same_request_arrive(
    hosts: StrangerHosts, folder: Path
) -> None:
    dripping = [hosts.dripping(number, number=1) for number in range(200)]
    good = [hosts.good(number, number=2) for number in range(4)]
    async with opened(folder) as loader:
        images = await loader.load_many([*dripping, *good], within_seconds=2.5, requester="one")
    assert [type(image) for image in images[200:]] == [LoadedImage] * 4


async def test_a_dripping_host_is_left_alone_after_some_time_outs(
    hosts: StrangerHosts, folder: Path
) -> None:
    async with opened(folder, max_image_wait_seconds=0.5) as loader:
        uris = [hosts.dripping(number, number=3) for number in range(100)]
        images = await loader.load_many(uris, requester="one")
        left_alone = [
            image
            for image in images
            if isinstance(image, Unavailable) and "times in a row; next attempt in" in image.detail
        ]
        # Those that had a connection when the circuit opened end by their own time-out.
        assert len(left_alone) >= 100 - 2 * ImageSettings().image_concurrency
        assert loader.gate.open_circuits["host"] == 1
        good = await loader.load(hosts.good("a", number=4), requester="one")
        assert isinstance(good, LoadedImage)


async def test_one_trial_image_ends_the_pause_of_a_host_that_works_again(
    hosts: StrangerHosts, folder: Path
) -> None:
    async with opened(folder, image_circuit_open_seconds=0.3) as loader:
        await loader.load_many([hosts.status(503, number) for number in range(8)])
        with pytest.raises(Unavailable, match="its host has failed"):
            await loader.load(hosts.good("a"))
        await asyncio.sleep(0.4)
        assert isinstance(await loader.load(hosts.good("a")), LoadedImage)
        assert loader.gate.open_circuits["host"] == 0


async def test_a_slow_redirect_does_not_count_against_the_host_that_it_leads_to(
    hosts: StrangerHosts, folder: Path
) -> None:
    async with opened(folder, max_image_wait_seconds=0.4) as loader:
        for number in range(8):
            target = hosts.good(number, number=20, after_seconds=0.3)
            slow = hosts.redirecting(target, number=21) + "&after=0.3"
            with pytest.raises(Unavailable, match=r"within 0\.4 s"):
                await loader.load(slow)
        assert loader.gate.open_circuits["host"] == 0
