"""What an app waits for is measured from its sending, for people who are erased afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.domain.taste import Taste
from shared.events import ProfileUpdated
from shared.events.types.profile import Evidence
from training.bench.feeds import Took, one_round, slate_of, summary
from training.evaluation.held_out.users import draw_held_out_users


class App:
    """An `AsyncClient` whose system answers each action with the taste so far."""

    def __init__(self) -> None:
        self.counts = {"reference_like": 0, "reference_dislike": 0}
        self.asked: list[tuple[int, str]] = []
        self._heard: asyncio.Queue[tuple[None, ProfileUpdated]] = asyncio.Queue()

    async def act(self, user: str, action: str, image_id: str, *, uri: str) -> None:
        assert uri.startswith("data:image/png;base64,")
        self.counts[action] += 1
        for told in ("somebody-else", user):
            self._heard.put_nowait((None, self._taste(told)))

    async def rank(
        self, user: str, slate: dict[str, str], *, explain: str, seconds: float
    ) -> SimpleNamespace:
        self.asked.append((len(slate), explain))
        return SimpleNamespace(model_version="nano-9")

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[Any]]:
        async def heard() -> AsyncIterator[Any]:
            while True:
                yield await self._heard.get()

        yield heard()

    def _taste(self, user: str) -> ProfileUpdated:
        liked, disliked = self.counts.values()
        return ProfileUpdated(
            event_id=uuid4(), occurred_at=system_clock(), user_id=user, profile_version=1,
            preference=Taste().preference, non_preference=Taste().non_preference,
            evidence=Evidence(liked=liked, disliked=disliked), reference_ids=(),
            model_version="nano-9",
        )  # fmt: skip


async def test_a_taste_is_waited_for_until_it_knows_of_every_reference() -> None:
    users, app = draw_held_out_users(2, seed=1), App()
    took = await one_round(app, "bench-1", users[0], slate_of(users))  # type: ignore[arg-type]
    assert app.counts == {"reference_like": 5, "reference_dislike": 5}
    assert app.asked == [(20, "none"), (20, "top"), (20, "all")]
    assert took.model == "nano-9"
    assert took.taste > 0


async def test_a_taste_that_never_comes_ends_the_measuring() -> None:
    users, app = draw_held_out_users(2, seed=1), App()
    few = replace(users[0], references=replace(users[0].references, disliked=()))
    with pytest.raises(Unavailable, match="no taste came"):
        await one_round(app, "bench-1", few, slate_of(users), seconds=0.05)  # type: ignore[arg-type]


def test_each_figure_is_the_median_of_the_rounds() -> None:
    rounds = [Took(t, {"none": t, "top": 2 * t, "all": 3 * t}, "nano-9") for t in (1.0, 9.0, 2.0)]
    told = summary(rounds)
    assert [measure.ours for measure in told.measures] == [2.0, 2.0, 4.0, 6.0]
    assert told.conditions == {"model": "nano-9", "rounds": "3"}
