"""The benchmark of rankings goes through the assessor's steps, with and without the model."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from shared.domain.errors import Unavailable
from tests.fakes.embedder import OneHotEmbedder
from training.bench.ranking.embedding_tier import ModelOutage
from training.bench.ranking.in_process import open_assessor
from training.bench.ranking.users import MadeData, random_images, store_descriptions, store_user
from training.evaluation.held_out.users import draw_held_out_users

ENCODER = SimpleNamespace(name="random", dimension=8)


async def test_a_described_slate_is_ranked_without_the_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    model, embedder = ModelOutage(), OneHotEmbedder()
    (user,) = draw_held_out_users(1, seed=7)
    async with open_assessor(
        tmp_path,
        model,
        embedder=embedder,
        encoder=ENCODER,
        score_cache_entries=0,
    ) as assessor:
        data = MadeData(model.model_version, embedder, rng, dimension=8)
        await store_user(assessor, data, user)
        images = random_images(4, rng)
        await store_descriptions(assessor, data, images)
        for _ in range(2):
            request = assessor.request({str(n): image for n, image in enumerate(images)})
            feed = await assessor.rank(request)
            assert feed.request_id == request.request_id
            assert {item.tier for item in feed.items} == {"embedding"}
            assert all(item.subject is not None for item in feed.items)


async def test_the_model_of_the_benchmark_never_answers() -> None:
    with pytest.raises(Unavailable):
        await ModelOutage().score([])
