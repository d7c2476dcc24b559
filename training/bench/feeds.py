"""Measure a running system as an app sees it: seconds until a profile and until a feed arrive.

python -m training.bench.feeds prints one line of JSON; `preferstream bench feeds` finds the running
system, calls it, and shows the result.

Simulated users of a separate tenant send references and request feeds. The images are inside the
events, so that no image store is measured. No round and no run sends an image of another one: each
has one pixel of its own, so the services read and encode all of them. The users are erased at the
end.
"""

import argparse
import asyncio
import base64
import io
import secrets
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
TIMEOUT_SECONDS: Final = 120.0
TENANT: Final = "bench"
SEED: Final = 418
"""Seed of the simulated users; no evaluation uses them."""
FEEDS: Final = {
    f"a slate of {SLATE} new images sent until its feed arrives": "none",
    "the same images again": "none",
    "the same images again, with rationales for the best": "top",
    "the same images again, with rationales for all": "all",
}
"""The feeds of a round in their order: the name in the result, and `explain` of the request."""


@dataclass(frozen=True)
class RoundTimes:
    """Times of one user's round, in seconds."""

    profile: float
    """From the first reference sent to the profile of all references."""
    feeds: dict[str, float]
    """From a request sent to its feed, by the name in `FEEDS`."""
    model: str
    """Model version of the last feed."""


async def measure_round(
    app: AsyncClient,
    name: str,
    user: HeldOutUser,
    slate: dict[str, str],
    *,
    seconds: float = TIMEOUT_SECONDS,
) -> RoundTimes:
    """Send references and requests of one user; raises `NoAnswer` or `Unavailable` on timeout."""
    profile = await send_references(app, name, user, seconds)
    feeds, model = {}, ""
    for what, explain in FEEDS.items():
        began = time.perf_counter()
        feed = await app.rank(name, slate, explain=explain, seconds=seconds)
        feeds[what] = time.perf_counter() - began
        model = feed.model_version
    return RoundTimes(profile, feeds, model)


async def send_references(app: AsyncClient, name: str, user: HeldOutUser, seconds: float) -> float:
    """Seconds until the profile that contains all references is published."""
    async with app.listening() as events:
        began = time.perf_counter()
        for number, (action, image) in enumerate(_references(user)):
            await app.act(name, action, f"{name}-{number}", uri=data_url(image))
        try:
            async with asyncio.timeout(seconds):
                async for _, event in events:
                    if _has_all_references(event, name):
                        break
        except TimeoutError:
            problem = f"published no profile within {seconds:g} s; check that it is running"
            raise Unavailable("profile service", problem) from None
        return time.perf_counter() - began


def _references(user: HeldOutUser) -> Iterator[tuple[Action, Image]]:
    for image in user.references.liked:
        yield "reference_like", image
    for image in user.references.disliked:
        yield "reference_dislike", image


def _has_all_references(event: object, name: str) -> bool:
    return (
        isinstance(event, ProfileUpdated)
        and event.user_id == name
        and event.evidence.liked == event.evidence.disliked == REFERENCES
    )


def slate_of(users: Sequence[HeldOutUser]) -> dict[str, str]:
    """The images of the users' pairs as one slate, each with a pixel that no other image has."""
    images = [image for user in users for pair in user.pairs for image in (pair.better, pair.worse)]
    run = uuid4().hex[:12]
    return {
        f"{run}-{number}": data_url(new_image(image)) for number, image in enumerate(images[:SLATE])
    }


def new_image(image: Image) -> Image:
    """The image with one pixel of its own, so that no system has seen it."""
    copy = image.convert("RGB")
    copy.putpixel((0, 0), tuple(secrets.token_bytes(3)))
    return copy


def data_url(image: Image) -> str:
    """The image as a `data:` URL with a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def summary(rounds: Sequence[RoundTimes]) -> BenchmarkResult:
    """Medians over the rounds."""
    profile = Measurement(
        what=f"{2 * REFERENCES} references sent until their profile arrives",
        unit="s",
        ours=statistics.median(times.profile for times in rounds),
    )
    feeds = [
        Measurement(
            what=what, unit="s", ours=statistics.median(times.feeds[what] for times in rounds)
        )
        for what in FEEDS
    ]
    conditions = {"model": rounds[-1].model, "rounds": str(len(rounds))}
    return BenchmarkResult(benchmark="feeds", measures=(profile, *feeds), conditions=conditions)


async def measure(settings: MessagingSettings, *, rounds: int) -> BenchmarkResult:
    """Measure one user after another; the first one warms up the system and is not counted."""
    users = draw_held_out_users(2 * (rounds + 1), seed=SEED)
    names = [f"bench-{uuid4().hex[:12]}" for _ in range(rounds + 1)]
    rounds_done = []
    async with AsyncClient(settings, tenant=TENANT) as app:
        try:
            for number, name in enumerate(names):
                of_round = users[2 * number : 2 * number + 2]
                times = await measure_round(app, name, of_round[0], slate_of(of_round))
                label = "warm-up" if number == 0 else f"round {number} of {rounds}"
                first = next(iter(times.feeds.values()))
                print(f"{label}: a feed in {first:.2f} s", file=sys.stderr, flush=True)
                rounds_done += [] if number == 0 else [times]
        finally:
            # Erasure searches the lake, which would slow the rounds down, so it comes last.
            for name in names:
                await app.erase(name)
    return summary(rounds_done)


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
