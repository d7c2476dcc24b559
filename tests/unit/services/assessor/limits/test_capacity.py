"""Many requests are in work, few are scored at once, and no user takes the capacity of others."""

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.assessor.capacity import RequestCapacity
from services.assessor.config import AssessorSettings
from services.assessor.deadline import Deadline
from services.assessor.metrics import AssessorMetrics
from services.assessor.steps.state import UNKNOWN_TASTE, LoadedCandidate, RankingState
from shared.events import Candidate
from tests.fakes.images import plain_image
from tests.fakes.model import ColorModel, serving
from tests.unit.services.assessor.users import WRITTEN_MS, color_taste, request


def state(user: str, *, images: int = 1, deadline_ms: float = 60_000) -> RankingState:
    """A request whose images are loaded."""
    candidates = tuple(
        Candidate(image_id=f"{number}", uri="drawing:red") for number in range(images)
    )
    event = request(candidates=candidates, user_id=user)
    return RankingState(
        event,
        event.request_hash(),
        WRITTEN_MS,
        Deadline(
            queued_ms=0, deadline_ms=deadline_ms, now=lambda: asyncio.get_running_loop().time()
        ),
        serving(ColorModel()).select(tenant="default", user_id=user),
        taste=color_taste(),
        loaded_candidates=tuple(
            LoadedCandidate(candidate, plain_image("drawing:red")) for candidate in candidates
        ),
    )


def capacity(registry: CollectorRegistry | None = None, **settings: Any) -> RequestCapacity:
    metrics = AssessorMetrics(registry or CollectorRegistry())
    return RequestCapacity(AssessorSettings(**settings), metrics)


class Entered:
    """Enters places in tasks, and notes the users that got one, in order."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self._ends: dict[str, list[asyncio.Event]] = {}

    async def enter(self, place: AbstractAsyncContextManager[None], user: str) -> None:
        end = asyncio.Event()

        async def hold() -> None:
            async with place:
                self.users.append(user)
                self._ends.setdefault(user, []).append(end)
                await end.wait()

        self._task = asyncio.create_task(hold())
        await settle()

    async def leave(self, user: str) -> None:
        self._ends[user].pop(0).set()
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_small_request_starts_while_large_ones_hold_all_images() -> None:
    limits, entered = capacity(images_in_work=100), Entered()
    for user in ("large 1", "large 2", "large 3"):
        await entered.enter(limits.images(state(user, images=50)), user)
    await entered.enter(limits.images(state("small", images=10)), "small")
    assert entered.users == ["large 1", "large 2", "small"]
    await entered.leave("large 1")
    assert entered.users == ["large 1", "large 2", "small"]
    await entered.leave("small")
    assert entered.users == ["large 1", "large 2", "small", "large 3"]


async def test_one_user_gets_at_most_half_of_the_images() -> None:
    limits, entered = capacity(images_in_work=100), Entered()
    for _ in range(3):
        await entered.enter(limits.images(state("many", images=25)), "many")
    await entered.enter(limits.images(state("other", images=50)), "other")
    assert entered.users == ["many", "many", "other"]


async def test_no_more_requests_are_scored_at_once_than_the_setting_and_in_their_order() -> None:
    limits, entered = capacity(scoring_concurrency=2), Entered()
    for user in "abcd":
        await entered.enter(limits.model(state(user)), user)
    assert entered.users == ["a", "b"]
    await entered.leave("b")
    await entered.leave("a")
    assert entered.users == ["a", "b", "c", "d"]


async def test_one_user_gets_at_most_half_of_the_places_at_the_model() -> None:
    limits, entered = capacity(scoring_concurrency=4), Entered()
    for user in ("many", "many", "many", "many", "other"):
        await entered.enter(limits.model(state(user)), user)
    assert entered.users == ["many", "many", "other"]


@pytest.mark.parametrize(
    "changes", [{"taste": UNKNOWN_TASTE}, {"loaded_candidates": ()}], ids=["no taste", "no image"]
)
async def test_a_request_that_needs_no_model_does_not_wait_for_it(changes: dict[str, Any]) -> None:
    limits, entered = capacity(scoring_concurrency=1), Entered()
    await entered.enter(limits.model(state("a")), "a")
    await entered.enter(limits.model(replace(state("b"), **changes)), "b")
    assert entered.users == ["a", "b"]


async def test_a_request_continues_at_its_deadline_without_a_place() -> None:
    limits = capacity(scoring_concurrency=1)
    late = state("late", deadline_ms=30)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(limits.model(state("a")))
        await stack.enter_async_context(limits.model(late))
        assert late.deadline.stages()["score"] >= 25
    # The wait that was given up keeps no place.
    async with asyncio.timeout(5), limits.model(state("b")):
        pass


async def test_waiting_requests_are_counted_by_stage() -> None:
    registry = CollectorRegistry()
    limits, entered = capacity(registry, scoring_concurrency=1, images_in_work=100), Entered()
    for user in "abc":
        await entered.enter(limits.model(state(user)), user)
    for user in "abc":
        await entered.enter(limits.images(state(user, images=50)), user)
    name = "preferstream_requests_waiting"
    assert registry.get_sample_value(name, {"stage": "score"}) == 2
    assert registry.get_sample_value(name, {"stage": "images"}) == 1
