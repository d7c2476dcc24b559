"""Every profile store finds the tastes that are nearest to the description of an image."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from shared.domain.taste import Element
from shared.embedding.taste_vectors import description_vector, taste_vectors
from tests.contract.store.stores import EMBEDDER, KINDS, TASTES, Stores, opened, profile, put
from tests.contract.store.test_joint_tastes import put_joint


@pytest.fixture(params=KINDS)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    async with opened(request.param, tmp_path) as both:
        yield both


async def test_the_nearest_tastes_of_the_tenant_come_first(stores: Stores) -> None:
    for name in TASTES:
        await put(stores, profile(TASTES[name], user_id=name))
    await put(stores, profile(TASTES["one side"], user_id="theirs", tenant="shop"))
    await put_joint(stores, "partly known", user_id="unknown")
    shown = {Element.COLOR: ("red",), Element.DETAIL: ("fine",)}
    description = await description_vector(shown, EMBEDDER)
    tastes = await stores.profiles.nearest(description, tenant="default", limit=3)
    users = [(taste.user_id, taste.taste_id) for taste in tastes]
    assert users[:3] == [("one side", None), ("partly known", None), ("full", None)]
    assert users[3:] == [("unknown", "partly known")]
    written = await taste_vectors(TASTES["one side"], EMBEDDER)
    np.testing.assert_allclose(tastes[0].vectors.preference, written.preference, atol=1e-6)
    np.testing.assert_allclose(tastes[0].vectors.non_preference, written.non_preference, atol=1e-6)
