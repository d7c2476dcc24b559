"""Run one day: users request feeds through Kafka, view them from the top, and click."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from shared.client import AsyncClient, action
from shared.domain.taste import Taste
from shared.events import Feedback, ProfileUpdated, RankedFeed
from training.simulate.catalog import Catalog
from training.simulate.measure.metrics import Order, RankedSlate
from training.simulate.population import AnyUser, Population
from training.simulate.users import clicks, explicit_feedback, viewed_ranks

CONCURRENT_USERS = 8
"""Users who wait for a feed at the same time: enough to fill the model's batches."""
WAIT_SECONDS = 900.0
"""For a feed or a profile, on a machine that may train at the same time."""
POLL_SECONDS = 0.2
REFERENCES = 5
"""Liked and disliked images that a user starts with, as in the paper (arXiv 2511.00609)."""


class MissingProfile(Exception):
    """A user's profile did not arrive; the message names the user."""


@dataclass
class Profiles:
    """The latest profile of every user, from `profile.updated.v1`."""

    by_user: dict[str, ProfileUpdated] = field(default_factory=dict)

    def taste(self, user: AnyUser) -> Taste:
        profile = self.by_user.get(user.name)
        if profile is None:
            return Taste()
        return Taste(preference=profile.preference, non_preference=profile.non_preference)


@asynccontextmanager
async def following(client: AsyncClient, profiles: Profiles) -> AsyncIterator[None]:
    """Keep `profiles` up to date for the length of a block."""

    async def follow() -> None:
        async with client.listening() as records:
            async for _, event in records:
                if isinstance(event, ProfileUpdated):
                    profiles.by_user[event.user_id] = event

    task = asyncio.create_task(follow())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def send_references(
    client: AsyncClient, population: Population, users: Sequence[AnyUser], profiles: Profiles, *,
    seed: int, advance: Callable[[int], None],
) -> None:  # fmt: skip
    """Send every user's references and wait for the profiles; raises `MissingProfile`."""

    async def start(user: AnyUser) -> None:
        liked, disliked = population.reference_images(user, REFERENCES, seed=seed)
        events: list[Feedback] = []
        for kind, images in (("reference_like", liked), ("reference_dislike", disliked)):
            events += [
                action(user.name, kind, f"{kind}-{user.name}-{n}", uri=uri)  # type: ignore[arg-type]
                for n, uri in enumerate(images.uris)
            ]
        await client.send(*events)
        for _ in range(int(WAIT_SECONDS / POLL_SECONDS)):
            profile = profiles.by_user.get(user.name)
            if profile and profile.evidence.liked + profile.evidence.disliked >= 2 * REFERENCES:
                break
            await asyncio.sleep(POLL_SECONDS)
        else:
            raise MissingProfile(
                f"no profile of {user.name} in {WAIT_SECONDS:g} s; is the system running?"
            )
        advance(1)

    await _concurrently(users, start)


@dataclass(frozen=True)
class Visit:
    """One requested slate with the user's feedback on it."""

    user: int
    candidates: Order
    slate: RankedSlate
    viewed: tuple[int, ...]
    clicked: tuple[int, ...]
    taste: Taste
    """The user's profile at the time of the request."""
    model_version: str
    status: str
    scores: Mapping[int, float] = field(default_factory=dict)
    """Scores of the serving model by image, before any reranking."""


async def run_day(
    client: AsyncClient, users: Sequence[AnyUser], catalog: Catalog, profiles: Profiles,
    *, slates: int, slate_size: int, explicit_feedback_rate: float, seed: tuple[int, int],
    advance: Callable[[int], None], done: Mapping[int, Sequence[Visit]] = MappingProxyType({}),
    on_user: Callable[[Sequence[Visit]], None] = lambda visits: None,
) -> list[Visit]:  # fmt: skip
    """All slates of all users; the slates of one user one after another. Visits by user.

    `done` are the visits of users who finished this day before a kill; `on_user` gets those of each
    user who finishes now.
    """
    visits: dict[int, list[Visit]] = {number: list(of_user) for number, of_user in done.items()}

    numbers = {user.name: number for number, user in enumerate(users)}

    async def visit(user: AnyUser) -> None:
        number = numbers[user.name]
        rng = np.random.default_rng((*seed, 0xDA1, number))
        visits[number] = []
        for _ in range(slates):
            candidates = rng.permutation(len(catalog))[:slate_size]
            visits[number].append(
                await _visit(
                    client, user, number, candidates, catalog, profiles, rng,
                    explicit_feedback_rate=explicit_feedback_rate,
                )
            )  # fmt: skip
            advance(1)
        on_user(visits[number])

    left = [user for user in users if numbers[user.name] not in done]
    await _concurrently(left, visit)
    return [visit for number in sorted(visits) for visit in visits[number]]


async def wait_for_profiles(
    users: Sequence[AnyUser], visits: Sequence[Visit], profiles: Profiles,
    before: Mapping[str, int],
) -> None:  # fmt: skip
    """Wait until every user who clicked has a later profile version; raises `MissingProfile`.

    `before` are the versions before the day. Without this, a day whose clicks were rejected would
    be measured as a day without clicks.
    """
    waiting = {users[visit.user].name for visit in visits if visit.clicked}
    for _ in range(int(WAIT_SECONDS / POLL_SECONDS)):
        waiting = {n for n in waiting if profiles.by_user[n].profile_version <= before[n]}
        if not waiting:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise MissingProfile(
        f"the clicks of {min(waiting)} changed no profile in {WAIT_SECONDS:g} s; look at the"
        " dead letters of feedback.v1"
    )


async def _visit(
    client: AsyncClient, user: AnyUser, number: int, candidates: Order, catalog: Catalog,
    profiles: Profiles, rng: np.random.Generator, *, explicit_feedback_rate: float,
) -> Visit:  # fmt: skip
    taste = profiles.taste(user)
    images = {catalog.name(int(n)): catalog.uris[n] for n in candidates}
    feed: RankedFeed = await client.rank(user.name, images, explain="none", seconds=WAIT_SECONDS)
    order = np.array([catalog.number(item.image_id) for item in feed.items], np.int64)
    viewed = order[: viewed_ranks(rng, len(order))]
    appeal = user.appeal(catalog.shown[viewed])
    is_clicked = clicks(rng, appeal)
    clicked = viewed[is_clicked]
    liked, disliked = explicit_feedback(rng, appeal, is_clicked, rate=explicit_feedback_rate)
    feedback = (
        ("view", viewed),
        ("click", clicked),
        ("like", viewed[liked]),
        ("dislike", viewed[disliked]),
    )
    events = [
        action(
            user.name, kind, catalog.name(int(n)), request_id=feed.request_id,  # type: ignore[arg-type]
            position=rank,
            # The services store no image that came inside an event; a view does not need it.
            uri=None if kind == "view" else catalog.uris[n],
        )
        for kind, numbers in feedback
        for rank, n in _ranks(order, numbers)
    ]  # fmt: skip
    await client.send(*events)
    return Visit(
        user=number,
        candidates=candidates,
        slate=RankedSlate(order, len(viewed), len(clicked)),
        viewed=tuple(map(int, viewed)),
        clicked=tuple(map(int, clicked)),
        taste=taste,
        model_version=feed.model_version,
        status=feed.status,
        scores={
            catalog.number(item.image_id): item.score
            for item in feed.items
            if item.score is not None and item.tier == "vlm"
        },
    )


def _ranks(order: Order, numbers: Order) -> list[tuple[int, int]]:
    """Rank and number of each of these images."""
    rank_of = {int(n): rank for rank, n in enumerate(order, start=1)}
    return [(rank_of[int(n)], int(n)) for n in numbers]


async def _concurrently(
    users: Sequence[AnyUser], work: Callable[[AnyUser], Awaitable[None]]
) -> None:
    """Do the work for all users, `CONCURRENT_USERS` at a time; raises the first error."""
    slots = asyncio.Semaphore(CONCURRENT_USERS)

    async def in_slot(user: AnyUser) -> None:
        async with slots:
            await work(user)

    try:
        async with asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(in_slot(user))
    except BaseExceptionGroup as errors:
        # The first error names the cause; the other tasks were cancelled, or failed likewise.
        raise errors.exceptions[0] from errors
