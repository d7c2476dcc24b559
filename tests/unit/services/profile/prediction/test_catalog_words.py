"""The words of a tenant's images are read once in a while and survive an outage of the store."""

import numpy as np
import pytest

from services.profile.prediction.catalog_words import KEPT_SECONDS, CatalogWords
from shared.domain.taste import Element
from tests.contract.store.stores import described, known
from tests.fakes.clock import FakeTime
from tests.fakes.stores import InMemoryImages

COLORS = ["red", "blue"]


async def shares(catalog: CatalogWords, *, tenant: str = "default") -> list[float]:
    rates = await catalog.base_rates(tenant=tenant, model_version="m-1")
    return list(rates.of(Element.COLOR, COLORS))


async def add(store: InMemoryImages, name: str, color: str) -> None:
    await store.remember([known(name).model_copy(update={"content_hash": name})])
    await store.describe([await described(name, "m-1", color=color)])


@pytest.fixture
async def store() -> InMemoryImages:
    store = InMemoryImages()
    for number in range(7):
        await add(store, f"red {number}", "red")
    await add(store, "blue", "blue")
    return store


async def test_base_rates_are_the_words_of_the_tenants_described_images(
    store: InMemoryImages,
) -> None:
    catalog = CatalogWords(store)
    np.testing.assert_allclose(await shares(catalog), [0.8, 0.2])
    np.testing.assert_allclose(await shares(catalog, tenant="other"), [0.5, 0.5])
    other_model = await catalog.base_rates(tenant="default", model_version="m-2")
    np.testing.assert_allclose(other_model.of(Element.COLOR, COLORS), [0.5, 0.5])


async def test_base_rates_are_read_again_after_a_while(store: InMemoryImages) -> None:
    clock = FakeTime()
    catalog = CatalogWords(store, monotonic=clock)
    before = await shares(catalog)
    for number in range(10):
        await add(store, f"sky {number}", "blue")
    assert await shares(catalog) == before
    clock.now += KEPT_SECONDS
    np.testing.assert_allclose(await shares(catalog), [0.4, 0.6])


async def test_an_outage_of_the_store_leaves_the_rates_of_before(store: InMemoryImages) -> None:
    clock = FakeTime()
    catalog = CatalogWords(store, monotonic=clock)
    before = await shares(catalog)
    store.unavailable = "it restarts"
    clock.now += KEPT_SECONDS
    assert await shares(catalog) == before
    assert await shares(CatalogWords(store)) == [0.5, 0.5]
