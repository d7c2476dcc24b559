"""Every image store returns images as they were written."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from shared.domain.taste import Element
from tests.contract.store.stores import KINDS, Stores, described, known, opened


@pytest.fixture(params=KINDS)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    async with opened(request.param, tmp_path) as both:
        yield both


async def test_known_images_are_read_by_id_within_their_tenant(stores: Stores) -> None:
    await stores.images.remember([known("a"), known("b"), known("a", tenant="t", uri="other")])
    images = await stores.images.find(tenant="default", image_ids=["b", "a", "missing", "a"])
    assert images == {"a": known("a"), "b": known("b")}
    assert await stores.images.find(tenant="t", image_ids=["a", "b"]) == {
        "a": known("a", tenant="t", uri="other")
    }


async def test_an_image_that_is_sent_again_has_its_latest_address(stores: Stores) -> None:
    await stores.images.remember([known("a", uri="old")])
    await stores.images.remember([known("a", uri="new")])
    assert (await stores.images.find(tenant="default", image_ids=["a"]))["a"].uri == "new"


async def test_a_sample_has_images_of_one_tenant(stores: Stores) -> None:
    names = [f"image {number}" for number in range(30)]
    await stores.images.remember([known(name) for name in names])
    await stores.images.remember([known("other", tenant="t")])
    sample = await stores.images.sample(tenant="default", limit=10)
    assert len({image.image_id for image in sample}) == 10
    assert {image.image_id for image in sample} <= set(names)
    everything = await stores.images.sample(tenant="default", limit=100)
    assert sorted(image.image_id for image in everything) == sorted(names)
    assert await stores.images.sample(tenant="unknown", limit=10) == []


async def test_empty_reads_and_writes_do_nothing(stores: Stores) -> None:
    await stores.images.remember([])
    await stores.images.describe([])
    assert await stores.images.find(tenant="default", image_ids=[]) == {}
    assert await stores.images.descriptions(content_hashes=[], model_version="m-1") == {}


async def test_descriptions_are_read_by_content_with_words_and_vector(stores: Stores) -> None:
    full = await described(
        "x", art_style="cubism", color="red", medium="oil", saturation="vivid", detail="fine"
    )
    partly = await described("y", color="red blue")
    nothing = await described("z")
    await stores.images.describe([full, partly, nothing])
    stored = await stores.images.descriptions(
        content_hashes=["z", "y", "x", "missing", "x"], model_version="m-1"
    )
    assert set(stored) == {"x", "y", "z"}
    for written in (full, partly, nothing):
        image = stored[written.description.content_hash]
        assert image.description == written.description
        np.testing.assert_allclose(image.vector, written.vector, atol=1e-6)


async def test_words_are_read_without_vectors(stores: Stores) -> None:
    await stores.images.describe([await described("x", "m-1", color="red")])
    for model, expected in (("m-1", {"x": {Element.COLOR: ("red",)}}), ("m-2", {})):
        words = await stores.images.described_words(content_hashes=["x", "y"], model_version=model)
        assert words == expected
    assert await stores.images.described_words(content_hashes=[], model_version="m-1") == {}


async def test_each_model_has_its_own_description_of_an_image(stores: Stores) -> None:
    await stores.images.describe([await described("x", "m-1", color="red")])
    await stores.images.describe([await described("x", "m-2", color="blue")])
    for model, word in (("m-1", "red"), ("m-2", "blue")):
        stored = await stores.images.descriptions(content_hashes=["x"], model_version=model)
        assert stored["x"].description.words == {Element.COLOR: (word,)}
