"""Profiles and images come back from every store as they went in, in memory and in Qdrant alike."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient

from shared.corrections import Correction
from shared.embedding.taste_vectors import description_vector, element_scores, taste_vectors
from shared.errors import Unavailable
from shared.ids import derived_id, image_point_id, profile_point_id
from shared.store.images import QdrantImages
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import (
    Described,
    ImageDescription,
    ImageStore,
    KnownImage,
    ProfileStore,
    Reference,
    StoredCorrections,
    StoredProfile,
)
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from shared.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from tests.fakes.embedder import OneDirectionPerWord
from tests.fakes.stores import InMemoryImages, InMemoryProfiles

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
EMBEDDER = OneDirectionPerWord()


@dataclass
class Stores:
    """Both stores, and how they are opened again after their process has ended."""

    profiles: ProfileStore
    images: ImageStore


async def in_qdrant(client: AsyncQdrantClient) -> Stores:
    profiles = QdrantProfiles(client, embedder=EMBEDDER.name)
    images = QdrantImages(client, embedder=EMBEDDER.name)
    await profiles.prepare(dimension=EMBEDDER.dimension)
    await images.prepare(dimension=EMBEDDER.dimension)
    return Stores(profiles, images)


@pytest.fixture(params=["in memory", "qdrant in memory", "qdrant in a folder"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    match request.param:
        case "in memory":
            yield Stores(InMemoryProfiles(), InMemoryImages())
            return
        case "qdrant in memory":
            client = AsyncQdrantClient(":memory:")
        case _:
            client = open_qdrant(StoreSettings(qdrant_path=tmp_path / "qdrant"))
    yield await in_qdrant(client)
    await client.close()


def side(**words: str) -> TasteSide:
    return TasteSide.model_validate(
        {e: tuple(WeightedWord(word=w, weight=0.5, count=2) for w in t.split())
         for e, t in words.items()}
    )  # fmt: skip


FULL = side(art_style="cubism", color="red blue", medium="oil", saturation="vivid", detail="fine")
TASTES = {
    "full": Taste(preference=FULL, non_preference=FULL),
    "partly known": Taste(preference=side(color="red"), non_preference=side(medium="oil ink")),
    "one side": Taste(preference=side(color="red", detail="fine")),
    "unknown": Taste(),
}


def profile(taste: Taste, *, user_id: str = "ana", tenant: str = "default") -> StoredProfile:
    reference = Reference(
        image_id="i", uri="https://cdn.example/ü.png", content_hash="hash", side="liked",
        action="click", occurred_at=NOW, event_id="e-1",
    )  # fmt: skip
    return StoredProfile(
        tenant=tenant, user_id=user_id, profile_version=7, taste=taste, references=(reference,),
        applied_event_ids=("e-0", "e-1"), model_version="m-1", updated_at=NOW,
    )  # fmt: skip


async def put(stores: Stores, kept: StoredProfile) -> None:
    await stores.profiles.put(kept, await taste_vectors(kept.taste, EMBEDDER))


def known(image_id: str, *, tenant: str = "default", uri: str = "u") -> KnownImage:
    return KnownImage(tenant=tenant, image_id=image_id, uri=uri, content_hash="h", seen_at=NOW)


async def described(content_hash: str, model: str = "m-1", **words: str) -> Described:
    said = {Element(e): tuple(text.split()) for e, text in words.items()}
    description = ImageDescription(content_hash=content_hash, model_version=model, words=said)
    return Described(description, await description_vector(said, EMBEDDER))


@pytest.mark.parametrize("taste", TASTES.values(), ids=TASTES.keys())
async def test_a_profile_comes_back_as_it_went_in(stores: Stores, taste: Taste) -> None:
    await put(stores, profile(taste))
    assert await stores.profiles.get(tenant="default", user_id="ana") == profile(taste)


@pytest.mark.parametrize("taste", TASTES.values(), ids=TASTES.keys())
async def test_its_vectors_come_back_with_their_own_lengths(stores: Stores, taste: Taste) -> None:
    await put(stores, profile(taste))
    found = await stores.profiles.vectors(tenant="default", user_id="ana")
    sent = await taste_vectors(taste, EMBEDDER)
    assert found is not None
    for got, want in (
        (found.preference, sent.preference),
        (found.non_preference, sent.non_preference),
    ):
        assert got.shape == (5 * EMBEDDER.dimension,)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want, atol=1e-6)


async def test_a_person_who_is_not_known_has_neither_profile_nor_vectors(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    for tenant, user_id in (("default", "bo"), ("elsewhere", "ana"), ("default:ana", "")):
        assert await stores.profiles.get(tenant=tenant, user_id=user_id) is None
        assert await stores.profiles.vectors(tenant=tenant, user_id=user_id) is None


async def test_equal_ids_of_two_tenants_are_two_people(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    await put(stores, profile(TASTES["one side"], tenant="elsewhere"))
    ours = await stores.profiles.get(tenant="default", user_id="ana")
    theirs = await stores.profiles.get(tenant="elsewhere", user_id="ana")
    assert (ours, theirs) == (
        profile(TASTES["full"]),
        profile(TASTES["one side"], tenant="elsewhere"),
    )


async def test_a_later_profile_replaces_the_earlier_one(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    await put(stores, profile(TASTES["unknown"]))
    assert await stores.profiles.get(tenant="default", user_id="ana") == profile(TASTES["unknown"])
    vectors = await stores.profiles.vectors(tenant="default", user_id="ana")
    assert vectors is not None
    assert not vectors.preference.any()


def pinned(word: str, *, version: int = 1) -> StoredCorrections:
    said = Correction(side="preference", element=Element.COLOR, pinned=(word,))
    return StoredCorrections(
        tenant="default", user_id="ana", version=version, said=(said,), applied_event_ids=("e-9",),
        model_version="m-1", updated_at=NOW,
    )  # fmt: skip


async def test_what_was_said_and_what_was_predicted_do_not_overwrite_each_other(
    stores: Stores,
) -> None:
    before = profile(TASTES["one side"])
    await put(stores, before)
    await stores.profiles.correct(pinned("gold"))
    # A prediction that was in work meanwhile knows nothing of the correction.
    await put(stores, before.model_copy(update={"prediction_version": 8}))
    found = await stores.profiles.get(tenant="default", user_id="ana")
    assert found is not None
    assert found.corrections == pinned("gold")
    assert [word.word for word in found.taste.preference.color] == ["gold", "red"]
    assert (found.profile_version, found.predicted) == (9, TASTES["one side"])


async def test_a_person_who_only_ever_corrected_has_a_profile_of_that(stores: Stores) -> None:
    await stores.profiles.correct(pinned("gold"))
    await stores.profiles.correct(pinned("teal", version=2))
    found = await stores.profiles.get(tenant="default", user_id="ana")
    assert found is not None
    assert [word.word for word in found.taste.preference.color] == ["teal"]
    assert (found.profile_version, found.references) == (2, ())
    assert await stores.profiles.vectors(tenant="default", user_id="ana") is None
    assert await stores.profiles.remove(tenant="default", user_id="ana") == 1
    assert await stores.profiles.get(tenant="default", user_id="ana") is None


def test_a_profile_that_was_stored_before_corrections_is_still_read() -> None:
    old = {
        "tenant": "default", "user_id": "ana", "profile_version": 7,
        "taste": TASTES["full"].model_dump(mode="json"), "references": [],
        "applied_event_ids": ["e-0"], "model_version": "m-1", "updated_at": NOW.isoformat(),
    }  # fmt: skip
    read = StoredProfile.model_validate(old)
    assert (read.profile_version, read.taste) == (7, TASTES["full"])


async def test_a_removed_profile_is_gone_and_counted_once(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    await put(stores, profile(TASTES["full"], user_id="bo"))
    removed = [await stores.profiles.remove(tenant="default", user_id="ana") for _ in range(2)]
    assert removed == [1, 0]
    assert await stores.profiles.get(tenant="default", user_id="ana") is None
    assert await stores.profiles.get(tenant="default", user_id="bo") is not None


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


async def test_scores_from_stored_vectors_are_those_of_the_vectors_themselves(
    stores: Stores,
) -> None:
    taste = Taste(preference=side(color="red blue"), non_preference=side(color="green"))
    seen = await described("x", color="red blue green")
    await put(stores, profile(taste))
    await stores.images.describe([seen])
    vectors = await stores.profiles.vectors(tenant="default", user_id="ana")
    found = await stores.images.descriptions(content_hashes=["x"], model_version="m-1")
    assert vectors is not None
    expected = element_scores(seen.vector, await taste_vectors(taste, EMBEDDER))
    got = element_scores(found["x"].vector, vectors)
    assert got == pytest.approx(expected, abs=1e-3)
    assert 0 < expected[Element.COLOR] < 5
    assert expected[Element.DETAIL] == 2


async def test_many_at_once_all_arrive(stores: Stores) -> None:
    await asyncio.gather(
        *(put(stores, profile(TASTES["full"], user_id=f"u{n}")) for n in range(20)),
        *(stores.images.remember([known(f"i{n}")]) for n in range(20)),
    )
    ids = [f"i{n}" for n in range(20)]
    assert set(await stores.images.find(tenant="default", image_ids=ids)) == set(ids)
    for n in range(20):
        assert await stores.profiles.get(tenant="default", user_id=f"u{n}") is not None


@pytest.fixture
def folder(tmp_path: Path) -> StoreSettings:
    return StoreSettings(qdrant_path=tmp_path / "deep" / "qdrant")


async def test_everything_is_still_there_when_the_folder_is_opened_again(
    folder: StoreSettings,
) -> None:
    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    await put(stores, profile(TASTES["partly known"]))
    await stores.images.remember([known("a")])
    await stores.images.describe([await described("x", color="red")])
    await client.close()

    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    kept = await stores.profiles.get(tenant="default", user_id="ana")
    vectors = await stores.profiles.vectors(tenant="default", user_id="ana")
    images = await stores.images.find(tenant="default", image_ids=["a"])
    seen = await stores.images.descriptions(content_hashes=["x"], model_version="m-1")
    await client.close()
    assert kept == profile(TASTES["partly known"])
    assert vectors is not None
    assert float(np.linalg.norm(vectors.preference)) == pytest.approx(1 / sqrt(len(ELEMENTS)))
    assert (set(images), set(seen)) == ({"a"}, {"x"})


def refusal_of(settings: StoreSettings) -> str:
    with pytest.raises(Unavailable) as refused:
        open_qdrant(settings)
    return refused.value.detail


# The library leaves the lock's file to the garbage collector when it refuses to open a folder.
@pytest.mark.filterwarnings("ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning")
async def test_a_second_opening_of_the_folder_is_refused_and_the_first_goes_on(
    folder: StoreSettings,
) -> None:
    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    said = refusal_of(folder)
    gc.collect()
    assert str(folder.qdrant_path) in said
    assert "PREFERSTREAM_QDRANT_URL" in said
    await put(stores, profile(TASTES["full"]))
    assert await stores.profiles.get(tenant="default", user_id="ana") is not None
    await client.close()


async def test_a_path_that_is_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    with pytest.raises(Unavailable, match="cannot be opened"):
        open_qdrant(StoreSettings(qdrant_path=tmp_path / "taken"))


async def test_points_have_derived_ids_and_named_vectors(folder: StoreSettings) -> None:
    client = open_qdrant(folder)
    stores = await in_qdrant(client)
    for _ in range(2):
        await put(stores, profile(TASTES["full"]))
        await stores.images.remember([known("a")])
        await stores.images.describe([await described("x", color="red")])
    found: dict[str, Sequence[tuple[str, list[str]]]] = {}
    for collection in (await client.get_collections()).collections:
        points, _ = await client.scroll(collection.name, with_vectors=True)
        found[collection.name] = [(str(p.id), sorted(p.vector or ())) for p in points]
    await client.close()
    profile_id = str(profile_point_id(tenant="default", user_id="ana"))
    image_id = str(image_point_id(content_hash="x", model_version="m-1"))
    assert found == {
        f"profiles.{EMBEDDER.name}": [(profile_id, ["non_preference", "preference"])],
        f"images.{EMBEDDER.name}": [(image_id, ["elements"])],
        "image_ids": [(str(derived_id("image-id", "default", "a")), [])],
        "corrections": [],
    }


async def test_preparing_again_keeps_what_is_there(folder: StoreSettings) -> None:
    client = open_qdrant(folder)
    await put(await in_qdrant(client), profile(TASTES["full"]))
    again = await in_qdrant(client)
    kept = await again.profiles.get(tenant="default", user_id="ana")
    await client.close()
    assert kept is not None


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.profiles.get(tenant="t", user_id="u"),
        lambda s: s.profiles.vectors(tenant="t", user_id="u"),
        lambda s: s.profiles.remove(tenant="t", user_id="u"),
        lambda s: put(s, profile(TASTES["full"])),
        lambda s: s.images.find(tenant="t", image_ids=["a"]),
        lambda s: s.images.remember([known("a")]),
        lambda s: s.images.descriptions(content_hashes=["x"], model_version="m"),
    ],
    ids=["get", "vectors", "remove", "put", "find", "remember", "descriptions"],
)
async def test_a_server_that_does_not_answer_is_unavailable(
    ask: Callable[[Stores], object], unused_tcp_port: int
) -> None:
    client = AsyncQdrantClient(
        url=f"http://127.0.0.1:{unused_tcp_port}", timeout=1, check_compatibility=False
    )
    stores = Stores(
        QdrantProfiles(client, embedder=EMBEDDER.name), QdrantImages(client, embedder=EMBEDDER.name)
    )
    with pytest.raises(Unavailable, match="Qdrant does not answer"):
        await ask(stores)  # type: ignore[misc]  # all are awaitable
    await client.close()
