"""Every profile store has the joint tastes of a user as they were written last."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from shared.domain.joint_tastes import JointTaste
from shared.embedding.taste_vectors import taste_vectors
from shared.store.protocol import EmbeddedTaste
from tests.contract.store.stores import EMBEDDER, KINDS, TASTES, Stores, opened, profile, put


@pytest.fixture(params=KINDS)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    async with opened(request.param, tmp_path) as both:
        yield both


async def put_joint(stores: Stores, *names: str, user_id: str = "ana") -> None:
    """Tastes by the names of `TASTES`, which are also their ids."""
    tastes = [
        EmbeddedTaste(
            JointTaste(
                taste_id=name,
                preference=TASTES[name].preference,
                non_preference=TASTES[name].non_preference,
                reference_ids=("i",),
                share=0.5,
                weight=0.5,
            ),
            await taste_vectors(TASTES[name], EMBEDDER),
        )
        for name in names
    ]
    await stores.profiles.put_joint(tastes, tenant="default", user_id=user_id)


async def ids(stores: Stores, *, user_id: str = "ana") -> set[str]:
    return {*await stores.profiles.joint_vectors(tenant="default", user_id=user_id)}


async def test_each_joint_taste_has_vectors_and_later_tastes_replace_them(stores: Stores) -> None:
    await put_joint(stores, "full", "one side")
    await put_joint(stores, "full", user_id="bo")
    assert await ids(stores) == {"full", "one side"}
    await put_joint(stores, "one side", "partly known")
    vectors = await stores.profiles.joint_vectors(tenant="default", user_id="ana")
    assert {*vectors} == {"one side", "partly known"}
    written = await taste_vectors(TASTES["partly known"], EMBEDDER)
    stored = vectors["partly known"]
    np.testing.assert_allclose(stored.preference, written.preference, atol=1e-6)
    np.testing.assert_allclose(stored.non_preference, written.non_preference, atol=1e-6)
    assert await ids(stores, user_id="bo") == {"full"}


async def test_a_user_with_one_taste_again_has_no_joint_tastes(stores: Stores) -> None:
    await put_joint(stores, "full", "one side")
    await put_joint(stores)
    assert await ids(stores) == set()


async def test_removing_a_profile_removes_its_joint_tastes_and_no_others(stores: Stores) -> None:
    await put(stores, profile(TASTES["full"]))
    for user_id in ("ana", "bo", "without a profile"):
        await put_joint(stores, "full", "one side", user_id=user_id)
    for user_id in ("ana", "without a profile"):
        await stores.profiles.remove(tenant="default", user_id=user_id)
        assert await ids(stores, user_id=user_id) == set()
    assert await ids(stores, user_id="bo") == {"full", "one side"}
