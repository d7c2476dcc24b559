"""The benchmark under load sends new images of every user at once, and compares round by round."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from PIL.Image import Image

from tests.fakes.scores import certain_scores
from training.bench.pipeline import FEEDS, SLATE, engine_rate, new_images, summary, system_rate
from training.evaluation.held_out.users import draw_held_out_users


class App:
    """Fake `AsyncClient` that answers each request at once."""

    def __init__(self, status: str = "ok") -> None:
        self.sent: dict[str, list[dict[str, str]]] = {}
        self._status = status

    async def rank(
        self, user: str, slate: dict[str, str], *, explain: str, seconds: float
    ) -> SimpleNamespace:
        assert explain == "none"
        self.sent.setdefault(user, []).append(slate)
        return SimpleNamespace(status=self._status, degraded_reason="the model is unavailable")


class Model:
    def __init__(self) -> None:
        self.slates: list[int] = []

    async def score(self, candidates: Any) -> Any:
        self.slates.append(len(candidates))
        return [certain_scores(3) for _ in candidates]


class Encoder:
    def __init__(self) -> None:
        self.images: list[Image] = []

    async def encode(self, images: Sequence[Image]) -> None:
        self.images += images


async def test_every_user_requests_feeds_of_new_images() -> None:
    users = draw_held_out_users(2, seed=5)
    images = new_images(users, 2 * FEEDS * SLATE)
    app = App()
    assert await system_rate(app, ["a", "b"], images) > 0  # type: ignore[arg-type]
    assert [len(slates) for slates in app.sent.values()] == [FEEDS, FEEDS]
    addresses = [uri for slates in app.sent.values() for slate in slates for uri in slate.values()]
    assert len(addresses) == len(set(addresses)) == len(images)


async def test_a_feed_without_the_model_ends_the_benchmark() -> None:
    images = new_images(draw_held_out_users(1, seed=5), SLATE)
    with pytest.raises(RuntimeError, match="degraded: the model is unavailable"):
        await system_rate(App("degraded"), ["a"], images)  # type: ignore[arg-type]


async def test_the_engine_alone_scores_the_same_slates() -> None:
    users = draw_held_out_users(2, seed=5)
    model = Model()
    assert await engine_rate(model, users, new_images(users, 3 * SLATE)) > 0  # type: ignore[arg-type]
    assert model.slates == [SLATE] * 3


def test_the_ratio_is_that_of_each_round() -> None:
    engine, both = summary([60, 30, 50], [100, 40, 50], [60, 40, 50], "nano-5").measures
    assert (engine.ours, engine.baseline, engine.ratio) == (50, 50, 0.75)
    assert (both.ours, both.baseline, both.ratio) == (50, 50, 1.0)
    assert (engine.is_met, both.is_met) == (False, True)


async def test_the_second_baseline_encodes_the_same_images() -> None:
    users = draw_held_out_users(2, seed=5)
    images = new_images(users, 2 * SLATE)
    encoder = Encoder()
    assert await engine_rate(Model(), users, images, encoder=encoder) > 0  # type: ignore[arg-type]
    assert encoder.images == images
