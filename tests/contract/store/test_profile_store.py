"""Every profile store returns profiles as they were written."""

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
async def test_a_profile_is_read_as_it_was_written(stores: Stores, taste: Taste) -> None:
    await put(stores, profile(taste))
    assert await stores.profiles.get(tenant="default", user_id="ana") == profile(taste)


@pytest.mark.parametrize("taste", TASTES.values(), ids=TASTES.keys())
async def test_vectors_are_read_with_their_original_norms(stores: Stores, taste: Taste) -> None:
    await put(stores, profile(taste))
    vectors = await stores.profiles.vectors(tenant="default", user_id="ana")
    written = await taste_vectors(taste, EMBEDDER)
    assert vectors is not None
    for stored, expected in (
        (vectors.preference, written.preference),
        (vectors.non_preference, written.non_preference),
    ):
        assert stored.shape == (5 * EMBEDDER.dimension,)
        assert stored.dtype == np.float32
        np.testing.assert_allclose(stored, expected, atol=1e-6)


async def test_an_unknown_user_has_neither_profile_nor_vectors(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    for tenant, user_id in (("default", "bo"), ("elsewhere", "ana"), ("default:ana", "")):
        assert await stores.profiles.get(tenant=tenant, user_id=user_id) is None
        assert await stores.profiles.vectors(tenant=tenant, user_id=user_id) is None


async def test_counts_of_ignored_feedback_change_nothing_else(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    await stores.profiles.put_ignored({"replaced": 2}, tenant="default", user_id="ana")
    await stores.profiles.put_ignored({"side_full": 3}, tenant="default", user_id="ana")
    expected = profile(TASTES["full"]).model_copy(update={"ignored_feedback": {"side_full": 3}})
    assert await stores.profiles.get(tenant="default", user_id="ana") == expected
    assert await stores.profiles.vectors(tenant="default", user_id="ana") is not None


async def test_counts_of_an_unknown_user_are_not_stored(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    await stores.profiles.put_ignored({"replaced": 2}, tenant="default", user_id="bo")
    assert await stores.profiles.get(tenant="default", user_id="bo") is None


async def test_equal_ids_of_two_tenants_are_two_users(stores: Stores) -> None:
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


async def test_corrections_and_predictions_do_not_overwrite_each_other(
    stores: Stores,
) -> None:
    before = profile(TASTES["one side"])
    await put(stores, before)
    await stores.profiles.correct(pinned("gold"))
    # A prediction that started before the correction does not contain it.
    await put(stores, before.model_copy(update={"prediction_version": 8}))
    stored = await stores.profiles.get(tenant="default", user_id="ana")
    assert stored is not None
    assert stored.corrections == pinned("gold")
    assert [word.word for word in stored.taste.preference.color] == ["gold", "red"]
    assert (stored.profile_version, stored.predicted) == (9, TASTES["one side"])


async def test_a_user_with_corrections_only_has_a_profile_made_of_them(stores: Stores) -> None:
    await stores.profiles.correct(pinned("gold"))
    await stores.profiles.correct(pinned("teal", version=2))
    stored = await stores.profiles.get(tenant="default", user_id="ana")
    assert stored is not None
    assert [word.word for word in stored.taste.preference.color] == ["teal"]
    assert (stored.profile_version, stored.references) == (2, ())
    assert await stores.profiles.vectors(tenant="default", user_id="ana") is None
    assert await stores.profiles.remove(tenant="default", user_id="ana") == 1
    assert await stores.profiles.get(tenant="default", user_id="ana") is None


def test_a_payload_with_unknown_fields_can_be_read() -> None:
    payload = {
        "tenant": "default", "user_id": "ana", "prediction_version": 7, "written_by": "a newer one",
        "predicted": TASTES["full"].model_dump(mode="json"), "references": [],
        "applied_event_ids": ["e-0"], "model_version": "m-1", "updated_at": NOW.isoformat(),
    }  # fmt: skip
    profile = StoredProfile.model_validate(payload)
    assert (profile.profile_version, profile.taste) == (7, TASTES["full"])


async def test_a_removed_profile_is_counted_once(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    await put(stores, profile(TASTES["full"], user_id="bo"))
    removed = [await stores.profiles.remove(tenant="default", user_id="ana") for _ in range(2)]
    assert removed == [1, 0]
    assert await stores.profiles.get(tenant="default", user_id="ana") is None
    assert await stores.profiles.get(tenant="default", user_id="bo") is not None
