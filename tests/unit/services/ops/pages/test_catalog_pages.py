"""The pages of the catalog: browse, search by words, image and taste, and one image."""

import base64
import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from PIL import Image

from services.ops.catalog.word_search import phrases_of
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.taste_vectors import taste_vectors
from shared.store.catalog.images import IndexFailure
from shared.store.catalog.status import IndexingStatus, Reindexing, TenantProgress
from shared.store.protocol import Reference, StoredProfile
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.ops.gateway.test_catalog_images import put
from tests.unit.services.ops.site import NOW, SPACE, Site, site

BROWSER = {"Accept": "text/html"}
SCRIPT = {"Accept": "*/*"}


async def word_vector(fake_site: Site, *words: str) -> Any:
    embedder = fake_site.ops.stores.embedder
    assert embedder is not None
    return (await embedder.embed(words)).sum(axis=0)


async def with_images(fake_site: Site, colors: Sequence[str]) -> Site:
    for color in colors:
        words = {Element.COLOR.value: await word_vector(fake_site, color)}
        await put(fake_site, f"{color}/1", words=words, tags=(color,))
    return fake_site


async def with_ada(fake_site: Site, liked: str, disliked: str) -> Site:
    sides = [
        TasteSide(color=(WeightedWord(word=word, weight=1, count=2),)) for word in (liked, disliked)
    ]
    profile = StoredProfile(
        tenant="default", user_id="ada", prediction_version=1,
        predicted=Taste(preference=sides[0], non_preference=sides[1]), model_version="m",
        updated_at=NOW,
        references=(
            Reference(
                image_id="r", uri="drawing:teal", content_hash="r", side="liked",
                action="reference_like", occurred_at=NOW, event_id="e",
            ),
        ),
    )  # fmt: skip
    embedder = fake_site.ops.stores.embedder
    assert embedder is not None
    await fake_site.profiles.put(profile, await taste_vectors(profile.taste, embedder))
    return fake_site


async def page(fake_site: Site, address: str) -> httpx.Response:
    async with fake_site.client(**BROWSER) as app:
        return await app.get(address)


def shown(response: httpx.Response) -> list[str]:
    """The ids of the tiles in their order."""
    parts = response.text.split('class="tile" data-image-id="')[1:]
    return [part.partition('"')[0] for part in parts]


async def test_the_catalog_is_browsed_page_by_page_and_by_filter() -> None:
    fake_site = site()
    for number in range(50):
        await put(fake_site, f"i{number}", tags=("few",) if number < 3 else ())
    first = await page(fake_site, "/catalog")
    assert len(shown(first)) == 48
    following = first.text.partition('rel="next" href="')[2].partition('"')[0]
    second = await page(fake_site, following.replace("&amp;", "&"))
    assert {*shown(first), *shown(second)} == {f"i{number}" for number in range(50)}
    assert len(shown(await page(fake_site, "/catalog?tag=few&author=&status="))) == 3
    assert "Images with" not in first.text


async def test_failed_images_are_shown_without_a_picture() -> None:
    fake_site = site()
    key = await put(fake_site, "<b>", is_indexed=False)
    uri = "https://images.example/%3Cb%3E"
    failure = IndexFailure(uri=uri, reason="too_large", detail="make it <small>", failed_at=NOW)
    await fake_site.catalog.fail({key: failure})
    listed = await page(fake_site, "/catalog?status=failed")
    assert shown(listed) == ["&lt;b&gt;"]
    assert "/catalog/thumbnail" not in listed.text
    one = await page(fake_site, f"/catalog/image?image={quote('<b>')}")
    assert "too large: make it &lt;small&gt;" in one.text
    assert "is not indexed yet" in one.text


async def test_images_are_found_by_words_with_the_element_that_is_near() -> None:
    fake_site = await with_images(site(), ["teal", "red", "blue"])
    response = await page(fake_site, "/catalog?words=teal")
    assert shown(response)[0] == "teal/1"
    assert "teal: color 1.00" in response.text
    # A subject has no vector of words: it is compared letter by letter.
    assert "boat: subject 1.00" in (await page(fake_site, "/catalog?words=Boat")).text
    filtered = await page(fake_site, "/catalog?words=teal&tag=red")
    assert shown(filtered) in ([], ["red/1"])


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("blue  red blue", ["blue", "red"]),
        ("Oil paint, blue", ["oil paint", "blue"]),
        (" , ", []),
        (" ".join(map(str, range(20))), [str(n) for n in range(8)]),
    ],
)
def test_a_search_is_split_at_commas_or_else_at_spaces(text: str, phrases: list[str]) -> None:
    assert phrases_of(text) == phrases


async def test_images_are_found_by_an_image_of_the_catalog() -> None:
    fake_site = site()
    await put(fake_site, "a", vector=(1, 0))
    await put(fake_site, "far", vector=(0, 1))
    await put(fake_site, "near", vector=(1, 0.1))
    assert shown(await page(fake_site, "/catalog?like=a")) == ["near", "far"]
    assert (await page(fake_site, "/catalog?like=unknown")).status_code == 404


async def test_images_are_found_by_a_taste_with_scores_and_near_references() -> None:
    encoder = SubjectEncoder({"teal": "boats"})
    vectors = InMemoryImageVectors()
    fake_site = site(encoded_images=EncodedImages(encoder, vectors))
    liked = np.zeros(SPACE.image_dimension, np.float32)
    liked[0] = 1
    vectors.by_hash["r"] = liked
    await with_ada(await with_images(fake_site, ["teal", "red"]), "teal", "red")
    response = await page(fake_site, "/catalog?user=ada")
    assert shown(response) == ["teal/1", "red/1"]
    assert "13.0 of 25" in response.text
    assert "source: color" in response.text
    assert "/thumbnail?image=r&amp;user=ada" in response.text
    assert "no profile yet" in (await page(fake_site, "/catalog?user=nobody")).text
    one = await page(fake_site, "/catalog/image?image=teal%2F1&user=ada")
    assert "13.0" in one.text
    assert "Nearest liked references" in one.text


async def test_images_are_found_by_a_picture_that_is_not_stored() -> None:
    vectors = InMemoryImageVectors()
    encoder = SubjectEncoder({"blue": "boats", "red": "cups"})
    fake_site = site(encoded_images=EncodedImages(encoder, vectors))
    for number, image_id in enumerate(("boat", "cup")):
        direction = np.zeros(encoder.dimension, np.float32)
        direction[number] = 1
        await put(fake_site, image_id, vector=direction.tolist())
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(buffer, "PNG")
    data = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    fake_site.ops.stores.image_loader.drawn_as[data] = "blue"  # type: ignore[attr-defined]  # a fake
    async with fake_site.client(**SCRIPT) as app:
        start = await app.get("/catalog", headers=BROWSER)
        token = start.text.partition('name="csrf-token" content="')[2].partition('"')[0]
        headers = {"X-CSRF-Token": token}
        response = await app.post("/catalog/search", json={"uri": data}, headers=headers)
        foreign = await app.post(
            "/catalog/search", json={"uri": "https://images.example/a.png"}, headers=headers
        )
    assert shown(response) == ["boat", "cup"]
    assert vectors.by_hash == {}
    assert foreign.status_code == 422


async def test_the_page_of_an_image_shows_its_words_and_similar_images() -> None:
    fake_site = site()
    await put(
        fake_site, "a/b", vector=(1, 0), tags=("x y",), metadata={"price": 2}, author_id="kim"
    )
    await put(fake_site, "near", vector=(1, 0.1))
    response = await page(fake_site, "/catalog/image?image=a%2Fb")
    for text in ("teal", "boat", "x y", "price", "kim", "nano-1"):
        assert text in response.text
    assert shown(response) == ["near"]
    assert (await page(fake_site, "/catalog/image?image=unknown")).status_code == 404
    fake_site.ops.stores.image_loader.drawn_as["https://images.example/a/b"] = "teal"  # type: ignore[attr-defined]  # a fake
    picture = await page(fake_site, "/catalog/thumbnail?image=a%2Fb&side=32")
    assert Image.open(io.BytesIO(picture.content)).format == "WEBP"


async def test_the_audience_of_an_image_is_for_writers() -> None:
    fake_site = site(with_tokens=True)
    await with_ada(await with_images(fake_site, ["teal"]), "teal", "red")
    async with fake_site.client("writer", **SCRIPT) as app:
        matched = await app.get("/catalog/audience?image=teal%2F1")
    async with fake_site.client("reader", **SCRIPT) as app:
        refused = await app.get("/catalog/audience?image=teal%2F1")
    assert "ada" in matched.text
    assert "13.0 of 25" in matched.text
    assert refused.status_code == 403


async def test_the_progress_of_the_tenant_is_shown() -> None:
    fake_site = site()
    assert "has not reported" in (await page(fake_site, "/catalog")).text
    status = IndexingStatus(
        collection="c", model_version="nano-1", updated_at=NOW,
        tenants={"default": TenantProgress(indexed=12_345, waiting=7, failed={"too_large": 2})},
        reindexing=Reindexing(serving="old", copied=True, share=0.25), problem="no model",
    )  # fmt: skip
    await fake_site.catalogs.put_status(status)
    text = (await page(fake_site, "/catalog/progress")).text
    for part in ("12.3k", "2 too large", "25%", "no model", 'data-changing="true"'):
        assert part in text
    assert ">0<" in (await page(fake_site, "/catalog/progress?tenant=shop")).text


async def test_a_system_without_a_catalog_has_no_page_for_it() -> None:
    fake_site = site(has_catalog=False)
    assert 'href="/catalog"' not in (await page(fake_site, "/")).text
    assert (await page(fake_site, "/catalog")).status_code == 409


async def test_a_tenants_token_sees_only_its_own_images() -> None:
    fake_site = site()
    await put(fake_site, "theirs", tenant="shop")
    assert shown(await page(fake_site, "/catalog")) == []
    assert shown(await page(fake_site, "/catalog?tenant=shop")) == ["theirs"]
    assert ImageKey("shop", "theirs") in await fake_site.catalog.get([ImageKey("shop", "theirs")])
