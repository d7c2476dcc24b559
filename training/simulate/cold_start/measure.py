"""Let new users act one by one on a running system, and measure their feeds in between."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import numpy as np

from shared.client import AsyncClient, action
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.protocol import Vectors
from shared.events import Feedback, RankedFeed
from training.simulate.baselines import (
    Baseline,
    Oracle,
    Popularity,
    RandomOrder,
    RankingRequest,
)
from training.simulate.cold_start.arms import (
    ARMS,
    LOOKED_AT,
    Arm,
    likes,
    most_telling_images,
    strongest_first,
)
from training.simulate.cold_start.population import Population
from training.simulate.cold_start.recorded_feeds import RecordedFeed
from training.simulate.loop.day import (
    POLL_SECONDS,
    WAIT_SECONDS,
    MissingProfile,
    Profiles,
    following,
)
from training.simulate.measure.metrics import Floats, Order, ndcg
from training.simulate.users import SimulatedUser

CHECKPOINTS: Final = (0, 1, 3, 5, 10)
"""Numbers of actions after which a user's feed is measured."""
TEST_IMAGES: Final = 30
"""Images of the measured feed; the user never acts on them."""
SLATE: Final = 12
"""Images of a feed on which a user acts, and of the images that are shown first."""
RANDOM_ORDERS: Final = 50
"""Random orders of each test slate, whose mean NDCG is that of chance."""
CONCURRENT_USERS: Final = 6
HISTORY_SECONDS: Final = 5.0
"""Wait until the assessor has counted the feedback of other users; it needs milliseconds."""
ENCODED_MS: Final = 1_000
"""Milliseconds within which a feed has the vectors of its images, if they are stored."""
ENCODING_ATTEMPTS: Final = 20


@dataclass
class Measured:
    """NDCG@10 by ranking, checkpoint and user."""

    by_arm: dict[Arm, dict[int, list[float]]] = field(
        default_factory=lambda: {arm: {k: [] for k in CHECKPOINTS} for arm in ARMS}
    )
    baselines: dict[str, list[float]] = field(default_factory=dict)
    """Baselines know no action: one value a user."""
    without_popularity: dict[int, list[float]] = field(
        default_factory=lambda: {k: [] for k in CHECKPOINTS}
    )
    """The same feeds of the first arm, by the users' own scores alone."""
    feeds: list[RecordedFeed] = field(default_factory=list)
    """The measured feeds."""

    def add(self, arm: Arm, feed: RecordedFeed, *, appeal: Floats) -> None:
        self.feeds.append(feed)
        self.by_arm[arm][feed.actions].append(ndcg(feed.order, appeal))
        if arm == ARMS[0]:
            alone = ndcg(feed.order_without_popularity, appeal)
            self.without_popularity[feed.actions].append(alone)


async def measure(
    kafka: str,
    population: Population,
    *,
    seed: int,
    advance: Callable[[int], None],
    arms: Sequence[Arm] = ARMS,
) -> Measured:
    """Send the feedback of the others, then measure every new user in every arm."""
    measured = Measured(by_arm={arm: {k: [] for k in CHECKPOINTS} for arm in arms})
    profiles = Profiles()
    vectors = await _encoded(population)
    async with AsyncClient(kafka) as client, following(client, profiles):
        for arm in arms:
            await client.send(*(in_tenant(event, tenant_of(arm)) for event in population.feedback))
        await asyncio.sleep(HISTORY_SECONDS)
        for arm in arms:
            await _encode_catalog(client, population, tenant=tenant_of(arm))
        slots = asyncio.Semaphore(CONCURRENT_USERS)

        async def run(number: int, arm: Arm) -> tuple[Arm, list[RecordedFeed]]:
            async with slots:
                feeds = await _user(
                    client, profiles, population, number, arm, vectors=vectors, seed=seed
                )
            advance(1)
            return arm, feeds

        runs = [run(n, arm) for n in range(len(population.new_users)) for arm in arms]
        for arm, feeds in await asyncio.gather(*runs):
            for feed in feeds:
                appeal = population.new_users[feed.user].appeal(population.catalog.shown)
                measured.add(arm, feed, appeal=appeal)
    measured.baselines = _baselines(population, seed=seed)
    return measured


def tenant_of(arm: Arm) -> str:
    """A tenant for each arm: the likes of a user in another arm would be popularity in this one."""
    return f"arm-{ARMS.index(arm)}"


def in_tenant(event: Feedback, tenant: str) -> Feedback:
    """The same feedback in another tenant."""
    return event.model_copy(update={"tenant": tenant, "event_id": uuid4()})


def split(population: Population, number: int, *, seed: int) -> tuple[Order, list[int]]:
    """The user's test images, and all others in a random order."""
    rng = np.random.default_rng((seed, 0x7E57, number))
    order = rng.permutation(len(population.catalog))
    return order[:TEST_IMAGES], order[TEST_IMAGES:].tolist()


async def _user(
    client: AsyncClient, profiles: Profiles, population: Population, number: int, arm: Arm,
    *, vectors: Vectors, seed: int,
) -> list[RecordedFeed]:  # fmt: skip
    user, catalog = population.new_users[number], population.catalog
    name, tenant = f"{user.name}-{ARMS.index(arm)}", tenant_of(arm)
    test, pool = split(population, number, seed=seed)
    shown_first = pool[:SLATE]
    if arm == "asked":
        shown_first = most_telling_images(vectors, pool, count=SLATE)
    opinions = strongest_first(user, catalog, shown_first)
    feeds = []
    for actions in range(max(CHECKPOINTS) + 1):
        if actions in CHECKPOINTS:
            feed = await _feed(client, name, population, test, tenant=tenant)
            feeds.append(RecordedFeed.of(feed, arm=arm, user=number, actions=actions))
        if actions == max(CHECKPOINTS):
            break
        if arm == "feed":
            slate = pool[actions * SLATE : (actions + 1) * SLATE]
            ranked = await _feed(client, name, population, slate, tenant=tenant)
            shown = [catalog.number(item.image_id) for item in ranked.items]
            (image, *_) = strongest_first(user, catalog, shown[:LOOKED_AT])
        else:
            image = opinions[actions]
        await _state(client, name, user, population, image, tenant=tenant)
        await _profile(profiles, name, references=actions + 1)
    return feeds


async def _encode_catalog(client: AsyncClient, population: Population, *, tenant: str) -> None:
    """Let the system encode all images, as it has those of a catalog that others have seen.

    A first feed waits two seconds for vectors, so a busy machine would measure its own speed.
    """
    for first in range(0, len(population.catalog), TEST_IMAGES):
        slate = range(first, min(first + TEST_IMAGES, len(population.catalog)))
        for _ in range(ENCODING_ATTEMPTS):
            feed = await _feed(client, "visitor", population, slate, tenant=tenant)
            if feed.latency_ms.get("popularity", 0) < ENCODED_MS:
                break


async def _encoded(population: Population) -> Vectors:
    encoder = PretrainedEncoder()
    try:
        return await encoder.encode([i.convert("RGB") for i in population.catalog.images])
    finally:
        encoder.close()


async def _feed(
    client: AsyncClient,
    name: str,
    population: Population,
    numbers: Sequence[int] | Order,
    *,
    tenant: str,
) -> RankedFeed:
    catalog = population.catalog
    images = {catalog.name(int(n)): catalog.uris[int(n)] for n in numbers}
    return await client.rank(name, images, explain="none", seconds=WAIT_SECONDS, tenant=tenant)


async def _state(
    client: AsyncClient,
    name: str,
    user: SimulatedUser,
    population: Population,
    image: int,
    *,
    tenant: str,
) -> None:
    catalog = population.catalog
    kind = "like" if likes(user, catalog, image) else "dislike"
    event = action(name, kind, catalog.name(image), uri=catalog.uris[image], tenant=tenant)  # type: ignore[arg-type]
    await client.send(event)


async def _profile(profiles: Profiles, name: str, *, references: int) -> None:
    for _ in range(int(WAIT_SECONDS / POLL_SECONDS)):
        profile = profiles.by_user.get(name)
        if profile and profile.evidence.liked + profile.evidence.disliked >= references:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise MissingProfile(f"no profile of {name} with {references} references; is the system up?")


def _baselines(population: Population, *, seed: int) -> dict[str, list[float]]:
    rng = np.random.default_rng((seed, 0xBA5E))
    shown = population.catalog.shown
    rankings: dict[str, tuple[Baseline, int]] = {
        "popularity": (Popularity(population.history, rng), 1),
        "oracle": (Oracle(shown, rng), 1),
        "random": (RandomOrder(rng), RANDOM_ORDERS),
    }
    values: dict[str, list[float]] = {name: [] for name in rankings}
    for number, user in enumerate(population.new_users):
        test, _ = split(population, number, seed=seed)
        appeal = user.appeal(shown)
        profile = Profiles().taste(user)
        request = RankingRequest(user, test, profile)
        for name, (ranking, times) in rankings.items():
            orders = [ranking.rank(request) for _ in range(times)]
            values[name].append(float(np.mean([ndcg(order, appeal) for order in orders])))
    return values
