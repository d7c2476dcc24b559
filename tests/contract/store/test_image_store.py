"""Images come back from every store as they went in, in memory and in Qdrant alike."""

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


async def test_remembered_images_are_found_by_id_within_their_tenant(stores: Stores) -> None:
    await stores.images.remember([known("a"), known("b"), known("a", tenant="t", uri="other")])
    found = await stores.images.find(tenant="default", image_ids=["b", "a", "missing", "a"])
    assert found == {"a": known("a"), "b": known("b")}
    assert await stores.images.find(tenant="t", image_ids=["a", "b"]) == {
        "a": known("a", tenant="t", uri="other")
    }


async def test_an_image_sent_again_has_its_latest_address(stores: Stores) -> None:
    await stores.images.remember([known("a", uri="old")])
    await stores.images.remember([known("a", uri="new")])
    assert (await stores.images.find(tenant="default", image_ids=["a"]))["a"].uri == "new"


async def test_nothing_asked_and_nothing_told_is_nothing(stores: Stores) -> None:
    await stores.images.remember([])
    await stores.images.describe([])
    assert await stores.images.find(tenant="default", image_ids=[]) == {}
    assert await stores.images.descriptions(content_hashes=[], model_version="m-1") == {}


async def test_descriptions_come_back_by_content_with_words_and_vector(stores: Stores) -> None:
    full = await described(
        "x", art_style="cubism", color="red", medium="oil", saturation="vivid", detail="fine"
    )
    partly = await described("y", color="red blue")
    nothing = await described("z")
    await stores.images.describe([full, partly, nothing])
    found = await stores.images.descriptions(
        content_hashes=["z", "y", "x", "missing", "x"], model_version="m-1"
    )
    assert set(found) == {"x", "y", "z"}
    for sent in (full, partly, nothing):
        got = found[sent.description.content_hash]
        assert got.description == sent.description
        np.testing.assert_allclose(got.vector, sent.vector, atol=1e-6)


async def test_what_another_model_saw_is_another_description(stores: Stores) -> None:
    await stores.images.describe([await described("x", "m-1", color="red")])
    await stores.images.describe([await described("x", "m-2", color="blue")])
    for model, word in (("m-1", "red"), ("m-2", "blue")):
        found = await stores.images.descriptions(content_hashes=["x"], model_version=model)
        assert found["x"].description.words == {Element.COLOR: (word,)}
