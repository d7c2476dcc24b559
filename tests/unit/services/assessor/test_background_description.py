"""Images are described behind the feeds, once each, and nothing waits for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.assessor.background.background_description import MOST_WAITING, Describing
from tests.fakes.embedder import OneDirectionPerWord
from tests.fakes.images import drawn
from tests.fakes.model import ColorModel, serving
from tests.fakes.stores import InMemoryImages


class Behind:
    """A describer on fakes."""

    def __init__(self, *, at_once: int = 2) -> None:
        self.model = ColorModel()
        self.store = InMemoryImages()
        self.describing = Describing(
            models=serving(self.model),
            embedder=OneDirectionPerWord(),
            images=self.store,
            at_once=at_once,
            pause_seconds=0,
        )

    async def described(self, *colors: str) -> set[str]:
        """Those of the colours that are described once there is nothing left to do."""
        for _ in range(200):
            await asyncio.sleep(0)
        hashes = {drawn("", color).content_hash: color for color in colors}
        found = await self.store.descriptions(
            content_hashes=list(hashes), model_version=self.model.model_version
        )
        return {hashes[content_hash] for content_hash in found}


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    made = Behind()
    yield made
    await made.describing.stop()


async def test_every_image_offered_is_described_a_few_at_a_time(behind: Behind) -> None:
    behind.describing.offer([drawn("", c) for c in ("red", "blue", "green")])
    assert await behind.described("red", "blue", "green", "pink") == {"red", "blue", "green"}
    assert behind.model.calls["describe"] == 2


async def test_an_image_is_described_once_however_often_it_comes(behind: Behind) -> None:
    for _ in range(3):
        behind.describing.offer([drawn("here", "red"), drawn("there", "red")])
        await behind.described()
    assert behind.model.calls["describe"] == 1


async def test_what_another_process_has_described_is_not_described_again(behind: Behind) -> None:
    behind.describing.offer([drawn("", "red")])
    await behind.described()
    other = Describing(
        models=serving(behind.model),
        embedder=OneDirectionPerWord(),
        images=behind.store,
        at_once=2,
        pause_seconds=0,
    )
    other.offer([drawn("", "red"), drawn("", "blue")])
    assert await behind.described("blue") == {"blue"}
    await other.stop()
    assert behind.model.described == ["red", "blue"]


async def test_a_model_that_is_away_stops_nothing_and_its_return_is_used(behind: Behind) -> None:
    behind.model.away["describe"] = "out of memory"
    behind.describing.offer([drawn("", "red")])
    assert await behind.described("red") == set()
    behind.model.away.clear()
    behind.describing.offer([drawn("", "red")])
    assert await behind.described("red") == {"red"}


async def test_a_full_memory_drops_the_oldest(behind: Behind) -> None:
    many = [drawn(str(n), "red") for n in range(MOST_WAITING)]
    crowd = [type(one)(one.uri, str(n), one.pixels) for n, one in enumerate(many)]
    behind.describing.offer([drawn("", "blue"), *crowd])
    assert await behind.described("blue") == set()


async def test_stopping_leaves_the_rest_undescribed(behind: Behind) -> None:
    behind.describing.offer([drawn("", "red")])
    await behind.describing.stop()
    assert await behind.described("red") == set()
