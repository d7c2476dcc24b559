"""Measure a running system from outside: seconds from what an app sends to what comes of it.

python -m training.bench.feeds prints one line of JSON; `preferstream bench feeds` finds the system,
and shows it.

Simulated people of a tenant of their own like and dislike drawings, and have slates ranked. Images
travel inside the events, so that no image store is measured. They are erased at the end.
"""

import argparse
import asyncio
import base64
import io
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from PIL.Image import Image

from shared.client import AsyncClient, NoAnswer
from shared.domain.errors import Unavailable
from shared.events import ProfileUpdated
from shared.events.types.feedback import Action
from shared.jobs.benchmark_result import BenchmarkResult, Measurement
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings, from_environment
from training.evaluation.held_out.users import REFERENCES, HeldOutUser, draw_held_out_users

ROUNDS: Final = 5
SLATE: Final = 20
PATIENCE_SECONDS: Final = 120.0
TENANT: Final = "bench"
SEED: Final = 418
"""Of people whom no evaluation asks about."""
REASONS: Final = {"none": "no reasons", "top": "reasons for the best", "all": "reasons for all"}


@dataclass(frozen=True)
class Took:
    """One person's round: seconds to the taste, and to each feed by what it explains."""

    taste: float
    feeds: dict[str, float]
    model: str


async def one_round(
    app: AsyncClient,
    name: str,
    user: HeldOutUser,
    slate: dict[str, str],
    *,
    seconds: float = PATIENCE_SECONDS,
) -> Took:
    """Raises `NoAnswer` and `Unavailable` after so many seconds."""
    taste = await _taste(app, name, user, seconds)
    feeds, model = {}, ""
    for explain in REASONS:
        began = time.perf_counter()
        feed = await app.rank(name, slate, explain=explain, seconds=seconds)
        feeds[explain] = time.perf_counter() - began
        model = feed.model_version
    return Took(taste, feeds, model)


async def _taste(app: AsyncClient, name: str, user: HeldOutUser, seconds: float) -> float:
    """Until a taste has come that knows of all references."""
    async with app.listening() as heard:
        began = time.perf_counter()
        for number, (action, image) in enumerate(_acts(user)):
            await app.act(name, action, f"{name}-{number}", uri=address(image))
        try:
            async with asyncio.timeout(seconds):
                async for _, event in heard:
                    if _is_whole(event, name):
                        break
        except TimeoutError:
            told = f"no taste came within {seconds:g} s; is it running?"
            raise Unavailable("profile service", told) from None
        return time.perf_counter() - began


def _acts(user: HeldOutUser) -> Iterator[tuple[Action, Image]]:
    for image in user.references.liked:
        yield "reference_like", image
    for image in user.references.disliked:
        yield "reference_dislike", image


def _is_whole(event: object, name: str) -> bool:
    return (
        isinstance(event, ProfileUpdated)
        and event.user_id == name
        and event.evidence.liked == event.evidence.disliked == REFERENCES
    )


def slate_of(users: Sequence[HeldOutUser]) -> dict[str, str]:
    """Drawings of these people's pairs, as one slate."""
    images = [image for user in users for pair in user.pairs for image in (pair.better, pair.worse)]
    return {f"bench-{number}": address(image) for number, image in enumerate(images[:SLATE])}


def address(image: Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def summary(rounds: Sequence[Took]) -> BenchmarkResult:
    """Medians over the rounds."""
    taste = Measurement(
        what=f"{2 * REFERENCES} likes and dislikes sent, to their taste",
        unit="s",
        ours=statistics.median(one.taste for one in rounds),
    )
    feeds = [
        Measurement(
            what=f"a slate of {SLATE} sent, to its feed, {told}",
            unit="s",
            ours=statistics.median(one.feeds[explain] for one in rounds),
        )
        for explain, told in REASONS.items()
    ]
    conditions = {"model": rounds[-1].model, "rounds": str(len(rounds))}
    return BenchmarkResult(benchmark="feeds", measures=(taste, *feeds), conditions=conditions)


async def measure(settings: MessagingSettings, *, rounds: int) -> BenchmarkResult:
    """One person after another, after one who is not counted."""
    users = draw_held_out_users(rounds + 2, seed=SEED)
    names = [f"bench-{uuid4().hex[:12]}" for _ in range(rounds + 1)]
    found = []
    async with AsyncClient(settings, tenant=TENANT) as app:
        try:
            for number, name in enumerate(names):
                slate = slate_of(users[number : number + 2])
                took = await one_round(app, name, users[number], slate)
                told = "warming up" if number == 0 else f"round {number} of {rounds}"
                print(f"{told}: a feed in {took.feeds['top']:.2f} s", file=sys.stderr, flush=True)
                found += [] if number == 0 else [took]
        finally:
            # Not before: erasing looks through the lake, which would slow the rounds down.
            for name in names:
                await app.erase(name)
    return summary(found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.bench.feeds", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    options = parser.parse_args()
    try:
        settings = from_environment(MessagingSettings)
        print(asyncio.run(measure(settings, rounds=options.rounds)).model_dump_json())
    except (NoAnswer, Unavailable, InvalidSettings) as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
