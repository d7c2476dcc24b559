"""Profiles come back from every store as they went in, in memory and in Qdrant alike."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from shared.domain.taste import Taste
from shared.embedding.taste_vectors import taste_vectors
from shared.store.protocol import StoredProfile
from tests.contract.store.stores import (
    EMBEDDER,
    KINDS,
    NOW,
    TASTES,
    Stores,
    opened,
    pinned,
    profile,
    put,
)


@pytest.fixture(params=KINDS)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    async with opened(request.param, tmp_path) as both:
        yield both


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
