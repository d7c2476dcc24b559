"""One day: people ask for feeds through Kafka, look down them, and click by what they think."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import numpy as np

from shared.client import AsyncClient, action
from shared.domain.taste import Taste
from shared.events import Feedback, ProfileUpdated, RankedFeed
from training.simulate.catalog import Catalogue, references_of
from training.simulate.metrics import Order, Shown
from training.simulate.users import Person, clicks, looked_at, says

AT_A_TIME = 8
"""People who wait for a feed at once: enough that the model's passes are full."""
PATIENCE_SECONDS = 300.0
"""For a feed on a machine that trains beside."""
REFERENCES = 5
"""Liked and disliked images that a person begins with, as in the paper (arXiv 2511.00609)."""


class NoProfile(Exception):
    """A person's profile did not come; the text says whose."""


@dataclass
class Profiles:
    """Everybody's profile as last heard on `profile.updated.v1`."""

    known: dict[str, ProfileUpdated] = field(default_factory=dict)

    def taste(self, person: Person) -> Taste:
        found = self.known.get(person.name)
        if found is None:
            return Taste()
        return Taste(preference=found.preference, non_preference=found.non_preference)


@asynccontextmanager
async def hearing(app: AsyncClient, profiles: Profiles) -> AsyncIterator[None]:
    """Keep `profiles` up to date for the length of a block."""

    async def listen() -> None:
        async with app.listening() as heard:
            async for _, event in heard:
                if isinstance(event, ProfileUpdated):
                    profiles.known[event.user_id] = event

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def introduce(
    app: AsyncClient, people: Sequence[Person], profiles: Profiles, *, seed: int,
    advance: Callable[[int], None],
) -> None:  # fmt: skip
    """Everybody states what they like and dislike, and gets a profile; raises `NoProfile`."""

    async def one(person: Person) -> None:
        liked, disliked = references_of(person, REFERENCES, seed=seed)
        events: list[Feedback] = []
        for kind, images in (("reference_like", liked), ("reference_dislike", disliked)):
            events += [
                action(person.name, kind, f"{kind}-{person.name}-{n}", uri=uri)  # type: ignore[arg-type]
                for n, uri in enumerate(images.addresses)
            ]
        await app.send(*events)
        for _ in range(int(PATIENCE_SECONDS * 5)):
            found = profiles.known.get(person.name)
            if found and found.evidence.liked + found.evidence.disliked >= 2 * REFERENCES:
                break
            await asyncio.sleep(0.2)
        else:
            raise NoProfile(
                f"no profile of {person.name} in {PATIENCE_SECONDS:g} s; is the system running?"
            )
        advance(1)

    await _in_company(people, one)


@dataclass(frozen=True)
class Visit:
    """One slate that was asked for and what the person did with it."""

    person: int
    candidates: Order
    shown: Shown
    viewed: tuple[int, ...]
    clicked: tuple[int, ...]
    taste: Taste
    """The profile that the person had when they asked."""
    model_version: str
    status: str
    scored: Mapping[int, float] = field(default_factory=dict)
    """What the model that served gave each image, before anything was placed otherwise."""


async def spend_day(
    app: AsyncClient, people: Sequence[Person], catalogue: Catalogue, profiles: Profiles,
    *, slates: int, slate: int, outspoken: float, seed: tuple[int, int],
    advance: Callable[[int], None],
) -> list[Visit]:  # fmt: skip
    """Everybody's slates, one after another for one person; the visits in a fixed order."""
    found: dict[int, list[Visit]] = {}

    async def one(person: Person) -> None:
        number = people.index(person)
        rng = np.random.default_rng((*seed, 0xDA1, number))
        found[number] = []
        for _ in range(slates):
            candidates = rng.permutation(len(catalogue))[:slate]
            visit = await _visit(
                app, person, number, candidates, catalogue, profiles, rng, outspoken=outspoken
            )
            found[number].append(visit)
            advance(1)

    await _in_company(people, one)
    return [visit for number in sorted(found) for visit in found[number]]


async def taken_in(
    people: Sequence[Person], visits: Sequence[Visit], profiles: Profiles, before: Mapping[str, int]
) -> None:
    """Return when everybody who clicked has a later profile than `before`; raises `NoProfile`.

    A day whose clicks were refused would be measured as if people had clicked on nothing.
    """
    waiting = {people[visit.person].name for visit in visits if visit.clicked}
    for _ in range(int(PATIENCE_SECONDS * 5)):
        waiting = {n for n in waiting if profiles.known[n].profile_version <= before[n]}
        if not waiting:
            return
        await asyncio.sleep(0.2)
    raise NoProfile(
        f"what {min(waiting)} clicked has changed no profile in {PATIENCE_SECONDS:g} s; look at the"
        " dead letters of feedback.v1"
    )


async def _visit(
    app: AsyncClient, person: Person, number: int, candidates: Order, catalogue: Catalogue,
    profiles: Profiles, rng: np.random.Generator, *, outspoken: float,
) -> Visit:  # fmt: skip
    taste = profiles.taste(person)
    images = {catalogue.name(int(n)): catalogue.addresses[n] for n in candidates}
    feed: RankedFeed = await app.rank(person.name, images, explain="none", seconds=PATIENCE_SECONDS)
    order = np.array([catalogue.number(item.image_id) for item in feed.items], np.int64)
    viewed = order[: looked_at(rng, len(order))]
    appeal = person.appeal(catalogue.shown[viewed])
    clicked = clicks(rng, appeal)
    chosen = viewed[clicked]
    liked, disliked = says(rng, appeal, clicked, outspoken=outspoken)
    told = (
        ("view", viewed),
        ("click", chosen),
        ("like", viewed[liked]),
        ("dislike", viewed[disliked]),
    )
    events = [
        action(
            person.name, kind, catalogue.name(int(n)), request_id=feed.request_id,  # type: ignore[arg-type]
            position=place,
            # Nobody else knows an image that came inside an event; a view needs none.
            uri=None if kind == "view" else catalogue.addresses[n],
        )
        for kind, ones in told
        for place, n in _places(order, ones)
    ]  # fmt: skip
    await app.send(*events)
    return Visit(
        person=number,
        candidates=candidates,
        shown=Shown(order, len(viewed), len(chosen)),
        viewed=tuple(map(int, viewed)),
        clicked=tuple(map(int, chosen)),
        taste=taste,
        model_version=feed.model_version,
        status=feed.status,
        scored={
            catalogue.number(item.image_id): item.score
            for item in feed.items
            if item.score is not None and item.tier == "vlm"
        },
    )


def _places(order: Order, ones: Order) -> list[tuple[int, int]]:
    place = {int(n): at for at, n in enumerate(order, start=1)}
    return [(place[int(n)], int(n)) for n in ones]


async def _in_company(people: Sequence[Person], one: Callable[[Person], Awaitable[None]]) -> None:
    waiting = asyncio.Semaphore(AT_A_TIME)

    async def in_turn(person: Person) -> None:
        async with waiting:
            await one(person)

    try:
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(in_turn(person))
    except BaseExceptionGroup as several:
        # The first says what is wrong; the others were cancelled for it, or say the same.
        raise several.exceptions[0] from several
