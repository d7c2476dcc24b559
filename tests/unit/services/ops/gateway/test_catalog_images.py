"""Publish, list, read and remove images of the catalog over HTTP."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest

from services.ops.auth.roles import Role
from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.embedding.protocol import Vectors
from shared.embedding.taste_vectors import taste_vectors
from shared.events import CatalogImage
from shared.store.catalog.images import ImageIndex, IndexedContent, IndexFailure, Publication
from shared.store.protocol import StoredProfile
from tests.unit.services.ops.site import NOW, SPACE, Site, known_tokens, site

SEA = {"image_id": "sea", "uri": "https://images.example/sea.png"}
CUP = {"image_id": "cup", "uri": "https://images.example/cup.png", "tags": ["kitchen"]}
NO_WORDS: Mapping[str, Vectors] = {}
LATER = "2027-01-01T00:00:00Z"
NDJSON = {"Content-Type": "application/x-ndjson"}


async def put(
    fake_site: Site, image_id: str, *, tenant: str = "default", vector: Sequence[float] = (1.0,),
    is_indexed: bool = True, words: Mapping[str, Vectors] = NO_WORDS, **fields: Any,
) -> ImageKey:  # fmt: skip
    """Store an image in the catalog of a site, indexed with an image vector."""
    uri = f"https://images.example/{quote(image_id)}"
    entry = CatalogEntry(tenant=tenant, image_id=image_id, uri=uri, **fields)
    await fake_site.catalog.publish([Publication(entry, NOW)])
    if is_indexed:
        index = ImageIndex(
            uri=uri, content_hash=image_id, words={Element.COLOR: ("teal",)},
            subject_words=("boat",), model_version="nano-1", indexed_at=NOW,
        )  # fmt: skip
        padded = np.zeros(max(SPACE.image_dimension, len(vector)), np.float32)
        padded[: len(vector)] = vector
        await fake_site.catalog.index(
            [IndexedContent(entry.key, index, {"image": padded, **words})]
        )
    return entry.key


def sent_ids(fake_site: Site) -> list[tuple[str, str]]:
    events = [event for event in fake_site.kafka.sent if isinstance(event, CatalogImage)]
    return [(event.tenant, event.image_id) for event in events]


def problem(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return str(response.json()["type"]).removeprefix("urn:preferstream:problem:")


async def test_one_image_and_a_list_are_published() -> None:
    fake_site = site()
    async with fake_site.client() as app:
        one = await app.post("/v1/images", json=SEA)
        several = await app.post("/v1/images", json=[SEA, CUP])
    assert one.status_code == several.status_code == 202
    assert several.json()["image_ids"] == ["sea", "cup"]
    assert several.json()["refused"] == []
    assert sent_ids(fake_site) == [("default", i) for i in ("sea", "sea", "cup")]


async def test_all_fields_of_an_image_reach_kafka() -> None:
    fake_site = site()
    fields = {
        "author_id": "kim", "created_at": "2026-01-01T00:00:00Z", "tags": ["a", "a", "b"],
        "metadata": {"price": 4.5, "new": True}, "available_from": "2027-01-01T00:00:00Z",
        "available_until": "2028-01-01T00:00:00+01:00",
    }  # fmt: skip
    async with fake_site.client() as app:
        await app.post("/v1/images", json={**SEA, **fields})
    (event,) = fake_site.kafka.sent
    assert isinstance(event, CatalogImage)
    assert (event.author_id, event.tags) == ("kim", ("a", "b"))
    assert event.metadata == {"price": 4.5, "new": True}
    assert event.available_from is not None
    assert event.available_from.year == 2027
    assert event.occurred_at == NOW


async def test_a_bad_image_of_a_list_costs_only_itself() -> None:
    fake_site = site()
    images = [
        SEA,
        {"image_id": "b", "uri": ""},
        "no image",
        {"uri": "https://images.example/c.png"},
        {**CUP, "available_from": LATER, "available_until": "2026-01-01T00:00:00Z"},
        CUP,
    ]
    async with fake_site.client() as app:
        response = await app.post("/v1/images", json=images)
    assert response.status_code == 202
    body = response.json()
    assert body["image_ids"] == ["sea", "cup"]
    assert [(r["position"], r["image_id"]) for r in body["refused"]] == [
        (1, "b"), (2, None), (3, None), (4, "cup")
    ]  # fmt: skip
    assert body["refused"][0]["errors"][0]["pointer"] == "/1/uri"
    assert "available_until" in body["refused"][3]["errors"][0]["detail"]
    assert sent_ids(fake_site) == [("default", "sea"), ("default", "cup")]


@pytest.mark.parametrize(
    "kind", ["application/x-ndjson", "application/jsonl", "Application/NDJSON; charset=utf-8"]
)
async def test_ndjson_names_the_lines_of_bad_images(kind: str) -> None:
    fake_site = site()
    lines = [
        json.dumps(SEA),
        "",
        "{no json",
        json.dumps({**CUP, "tags": "kitchen"}),
        json.dumps(CUP),
    ]
    async with fake_site.client(**{"Content-Type": kind}) as app:
        response = await app.post("/v1/images", content="\r\n".join(lines))
    body = response.json()
    assert body["image_ids"] == ["sea", "cup"]
    assert [(r["line"], r["position"]) for r in body["refused"]] == [(3, 1), (4, 2)]
    assert body["refused"][1]["errors"][0]["pointer"] == "/2/tags"


async def test_a_request_without_a_valid_image_is_refused_with_its_lines() -> None:
    fake_site = site()
    async with fake_site.client(**NDJSON) as app:
        response = await app.post("/v1/images", content='{"image_id": "a"}\n[]')
    assert (response.status_code, problem(response)) == (422, "invalid-request")
    assert [error["line"] for error in response.json()["errors"]] == ["1", "2"]
    assert not fake_site.kafka.sent


@pytest.mark.parametrize(
    ("content", "kind", "status", "slug"),
    [
        (b"[]", "application/json", 422, "no-images"),
        (b"\n\n", "application/x-ndjson", 422, "no-images"),
        (b"", "application/json", 400, "not-json"),
        (b"{", "application/json", 400, "not-json"),
        (b"a,b", "text/csv", 415, "not-json"),
        (json.dumps([SEA] * 1001).encode(), "application/json", 422, "too-many-images"),
        (b"\xff", "application/json", 400, "not-utf8"),
    ],
)
async def test_a_body_that_is_no_list_of_images_is_refused(
    content: bytes, kind: str, status: int, slug: str
) -> None:
    async with site().client(**{"Content-Type": kind}) as app:
        response = await app.post("/v1/images", content=content)
    assert (response.status_code, problem(response)) == (status, slug)


async def test_ndjson_has_no_limit_of_a_thousand_images() -> None:
    fake_site = site()
    content = "\n".join(json.dumps({**SEA, "image_id": f"i{n}"}) for n in range(1_500))
    async with fake_site.client(**NDJSON) as app:
        response = await app.post("/v1/images", content=content)
    assert len(response.json()["image_ids"]) == len(fake_site.kafka.sent) == 1_500


async def test_an_idempotency_key_sends_a_list_once() -> None:
    fake_site = site()
    async with fake_site.client(**{"Idempotency-Key": "k"}) as app:
        first = await app.post("/v1/images", json=[SEA, CUP])
        again = await app.post("/v1/images", json=[SEA, CUP])
        other = await app.post("/v1/images", json=[CUP])
    assert first.json() == again.json()
    assert len(fake_site.kafka.sent) == 2
    assert problem(other) == "key-used-otherwise"


async def test_an_outage_of_kafka_loses_no_image_silently() -> None:
    fake_site = site()
    fake_site.kafka.unavailable = "gone"
    async with fake_site.client() as app:
        response = await app.post("/v1/images", json=[SEA, CUP])
        fake_site.kafka.unavailable = None
        again = await app.post("/v1/images", json=[SEA, CUP])
    assert (response.status_code, problem(response)) == (503, "unavailable")
    assert again.status_code == 202


async def test_readers_publish_nothing_and_a_tenants_token_only_its_own() -> None:
    tokens = known_tokens({"w": Role.WRITE}, tenant="gallery")
    fake_site = site(tokens=tokens)
    async with fake_site.client("w") as app:
        own = await app.post("/v1/images", json=[SEA, {**CUP, "tenant": "shop"}])
        foreign = await app.post("/v1/images?tenant=shop", json=SEA)
        removed = await app.delete("/v1/images/sea?tenant=shop")
        read = await app.get("/v1/images?tenant=shop")
    assert own.json()["image_ids"] == ["sea"]
    assert "gallery" in own.json()["refused"][0]["errors"][0]["detail"]
    assert sent_ids(fake_site) == [("gallery", "sea")]
    assert [problem(r) for r in (foreign, removed, read)] == ["foreign-tenant"] * 3
    reader = site(with_tokens=True)
    async with reader.client("reader") as app:
        assert problem(await app.post("/v1/images", json=SEA)) == "role-too-small"
        assert problem(await app.delete("/v1/images/sea")) == "role-too-small"
        assert (await app.get("/v1/images")).status_code == 200


@pytest.mark.parametrize("image_id", ["a/b", "é &?#%2F", "x/similarities", "a" * 256])
async def test_an_image_with_any_id_is_read_and_removed(image_id: str) -> None:
    fake_site = site()
    await put(fake_site, image_id)
    address = f"/v1/images/{quote(image_id, safe='')}"
    async with fake_site.client() as app:
        read = await app.get(address)
        removed = await app.delete(address)
    assert read.json()["image_id"] == image_id
    assert removed.status_code == 202
    assert fake_site.kafka.removed == [image_id.encode()]


async def test_an_image_whose_id_a_path_cannot_hold_is_read_and_removed_by_a_parameter() -> None:
    fake_site = site()
    for image_id in ("..", "a/similar", "b"):
        await put(fake_site, image_id)
    params = {"image_id": ["a/similar", "..", "unknown"]}
    async with fake_site.client() as app:
        read = await app.get("/v1/images", params=params)
        removed = await app.delete("/v1/images", params=params)
        without = await app.delete("/v1/images")
        filtered = await app.delete("/v1/images?image_id=b&tags_any=x")
    assert [image["image_id"] for image in read.json()["images"]] == ["a/similar", ".."]
    assert removed.status_code == 202
    assert len(fake_site.kafka.removed) == 3
    assert without.status_code == filtered.status_code == 422


async def test_an_image_shows_its_publication_its_words_and_its_failure() -> None:
    fake_site = site()
    await put(fake_site, "sea", tags=("blue",), metadata={"price": 2})
    broken = await put(fake_site, "broken", is_indexed=False)
    uri = "https://images.example/broken"
    failure = IndexFailure(uri=uri, reason="not_found", detail="it is gone", failed_at=NOW)
    await fake_site.catalog.fail({broken: failure})
    async with fake_site.client() as app:
        sea = (await app.get("/v1/images/sea")).json()
        failed = (await app.get("/v1/images/broken")).json()
        unknown = await app.get("/v1/images/unknown")
    assert (sea["status"], sea["words"], sea["subject_words"]) == (
        "indexed", {"color": ["teal"]}, ["boat"]
    )  # fmt: skip
    assert (sea["tags"], sea["metadata"], sea["model_version"]) == (
        ["blue"],
        {"price": 2},
        "nano-1",
    )
    assert (failed["status"], failed["failure"]["reason"]) == ("failed", "not_found")
    assert problem(unknown) == "no-image"


async def test_images_are_listed_page_by_page_and_by_filter_and_status() -> None:
    fake_site = site()
    for number in range(7):
        await put(
            fake_site, f"i{number}", tags=("odd",) if number % 2 else ("even",),
            is_indexed=number != 3,
        )  # fmt: skip
    await put(fake_site, "theirs", tenant="shop")
    async with fake_site.client() as app:
        ids: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = (await app.get("/v1/images", params={"limit": 3, **after})).json()
            ids += [image["image_id"] for image in page["images"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        odd = (await app.get("/v1/images?tags_any=odd&tags_any=x")).json()["images"]
        by_json = (await app.get("/v1/images", params={"filter": '{"tags_all": ["odd"]}'})).json()
        waiting = (await app.get("/v1/images?status=waiting&limit=1")).json()["images"]
    assert sorted(ids) == [f"i{number}" for number in range(7)]
    assert {image["image_id"] for image in odd} == {"i1", "i3", "i5"}
    assert by_json["images"] == odd
    assert [image["image_id"] for image in waiting] == ["i3"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("tag=sea", "tag"),
        ("filter=%7B%22tag%22%3A%5B%22sea%22%5D%7D", '"pointer":"/query/filter/tag"'),
        ("filter=%5B%5D", "filter"),
        ("filter=%7B", "filter"),
        ("filter=%7B%7D&tags_any=a", "filter"),
        ("created_after=yesterday", "created_after"),
        ("status=broken", "status"),
        ("after=x", "after"),
        ("limit=0", "limit"),
    ],
)
async def test_a_wrong_parameter_is_named(query: str, named: str) -> None:
    async with site().client() as app:
        response = await app.get(f"/v1/images?{query}")
    assert response.status_code == 422
    assert named in response.text


async def test_similar_images_are_available_and_match_the_filter() -> None:
    fake_site = site()
    await put(fake_site, "a/b", vector=(1, 0))
    await put(fake_site, "near", vector=(0.9, 0.1), tags=("x",))
    await put(fake_site, "far", vector=(0, 1), tags=("x",))
    await put(fake_site, "later", vector=(1, 0), available_from=NOW + timedelta(days=1))
    await put(fake_site, "past", vector=(1, 0), available_until=NOW)
    await put(fake_site, "theirs", tenant="shop", vector=(1, 0))
    await put(fake_site, "new", is_indexed=False)
    async with fake_site.client() as app:
        near = (await app.get("/v1/images/a%2Fb/similar?limit=2&tags_any=x")).json()
        every = (await app.get("/v1/images/a%2Fb/similar")).json()
        waiting = await app.get("/v1/images/new/similar")
        unknown = await app.get("/v1/images/none/similar")
        wrong = await app.get("/v1/images/a%2Fb/similar?tag=x")
    assert [hit["image"]["image_id"] for hit in near["images"]] == ["near", "far"]
    assert near["images"][0]["score"] > 0.9
    assert len(every["images"]) == 2
    assert (waiting.status_code, problem(waiting)) == (409, "not-indexed")
    assert problem(unknown) == "no-image"
    assert problem(wrong) == "unknown-parameter"


async def test_a_system_without_a_catalog_says_what_to_set() -> None:
    fake_site = site(has_catalog=False)
    async with fake_site.client() as app:
        responses = [
            await app.post("/v1/images", json=SEA),
            await app.get("/v1/images"),
            await app.delete("/v1/images/sea"),
            await app.post("/v1/users/ada/feed"),
        ]
    assert {problem(response) for response in responses} == {"no-catalog"}
    assert "PREFERSTREAM_SUBJECT_RANKING" in responses[0].text
    assert not fake_site.kafka.sent


async def test_the_audience_of_an_image_names_users_to_writers_only() -> None:
    fake_site = site(with_tokens=True)
    embedder = fake_site.ops.stores.embedder
    assert embedder is not None
    (teal,) = await embedder.embed(["teal"])
    await put(fake_site, "a/b", words={"color": teal})
    await put(fake_site, "new", is_indexed=False)
    liked = TasteSide(color=(WeightedWord(word="teal", weight=1, count=2),))
    for user, tenant in (("ada", "default"), ("bob", "shop")):
        profile = StoredProfile(
            tenant=tenant, user_id=user, prediction_version=1, predicted=Taste(preference=liked),
            model_version="m", updated_at=NOW,
        )  # fmt: skip
        await fake_site.profiles.put(profile, await taste_vectors(profile.taste, embedder))
    async with fake_site.client("writer") as app:
        matched = await app.get("/v1/images/a%2Fb/audience")
        waiting = await app.get("/v1/images/new/audience")
        unknown = await app.get("/v1/images/none/audience")
    async with fake_site.client("reader") as app:
        refused = await app.get("/v1/images/a%2Fb/audience")
    assert matched.json() == {"image_id": "a/b", "users": [{"user_id": "ada", "score": 13.0}]}
    assert [problem(r) for r in (waiting, unknown)] == ["not-indexed", "no-image"]
    assert problem(refused) == "role-too-small"
