"""The benchmark of feeds measures from the sending of an event, and takes medians."""

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
from training.bench.feeds import FEEDS, RoundTimes, measure_round, slate_of, summary
from training.evaluation.held_out.users import draw_held_out_users


class App:
    """Fake `AsyncClient` that answers each action with the profile of all actions before it."""

    def __init__(self) -> None:
        self.counts = {"reference_like": 0, "reference_dislike": 0}
        self.requests: list[tuple[int, str]] = []
        self._events: asyncio.Queue[tuple[None, ProfileUpdated]] = asyncio.Queue()

    async def act(self, user: str, action: str, image_id: str, *, uri: str) -> None:
        assert uri.startswith("data:image/png;base64,")
        self.counts[action] += 1
        for recipient in ("another-user", user):
            self._events.put_nowait((None, self._profile(recipient)))

    async def rank(
        self, user: str, slate: dict[str, str], *, explain: str, seconds: float
    ) -> SimpleNamespace:
        self.requests.append((len(slate), explain))
        return SimpleNamespace(model_version="nano-9")

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[Any]]:
        async def events() -> AsyncIterator[Any]:
            while True:
                yield await self._events.get()

        yield events()

    def _profile(self, user: str) -> ProfileUpdated:
        liked, disliked = self.counts.values()
        return ProfileUpdated(
            event_id=uuid4(), occurred_at=system_clock(), user_id=user, profile_version=1,
            preference=Taste().preference, non_preference=Taste().non_preference,
            evidence=Evidence(liked=liked, disliked=disliked), reference_ids=(),
            model_version="nano-9",
        )  # fmt: skip


async def test_a_round_ends_when_the_profile_contains_every_reference() -> None:
    users, app = draw_held_out_users(2, seed=1), App()
    times = await measure_round(app, "bench-1", users[0], slate_of(users))  # type: ignore[arg-type]
    assert app.counts == {"reference_like": 5, "reference_dislike": 5}
    assert app.requests == [(20, "none"), (20, "none"), (20, "top"), (20, "all")]
    assert times.model == "nano-9"
    assert times.profile > 0


def test_no_two_slates_have_an_image_in_common() -> None:
    """Else a slate would be measured of which a part was encoded and read before."""
    users = draw_held_out_users(2, seed=1)
    contents = [uri for _ in range(2) for uri in slate_of(users).values()]
    assert len(set(contents)) == len(contents) == 40


async def test_a_missing_profile_ends_the_measurement() -> None:
    users, app = draw_held_out_users(2, seed=1), App()
    few = replace(users[0], references=replace(users[0].references, disliked=()))
    with pytest.raises(Unavailable, match="published no profile"):
        await measure_round(app, "bench-1", few, slate_of(users), seconds=0.05)  # type: ignore[arg-type]


def test_each_figure_is_the_median_of_the_rounds() -> None:
    rounds = [
        RoundTimes(t, {what: k * t for k, what in enumerate(FEEDS, start=1)}, "nano-9")
        for t in (1.0, 9.0, 2.0)
    ]
    result = summary(rounds)
    assert [measure.ours for measure in result.measures] == [2.0, 2.0, 4.0, 6.0, 8.0]
    assert result.conditions == {"model": "nano-9", "rounds": "3"}
