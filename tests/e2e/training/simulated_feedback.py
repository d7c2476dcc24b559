"""Send feeds and clicks of many simulated users, as the services would write them."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from shared.client.send_events import send_events
from shared.domain.clock import system_clock
from shared.domain.taste import ELEMENTS, Element
from shared.events import Candidate, Feedback, ImageCandidates, ProfileUpdated, RankedFeed
from shared.events.types.base import Event
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.simulate.users import SimulatedUser, clicks, draw_images, draw_users

IMAGES = 120
SLATE = 10


def send_clicks(kafka: str, *, users: int, seed: int = 5) -> None:
    """Two slates for each user with the feedback on them; return when Kafka has all events."""
    events = list(_events(users, seed))
    for at in range(0, len(events), 500):
        send_events(kafka, events[at : at + 500])


def _events(users: int, seed: int) -> Iterator[Event]:
    rng = np.random.default_rng((seed, 1))
    shown = draw_images(rng, IMAGES)
    uris = [_uri(pixels) for pixels in render(draw_scenes(rng, IMAGES), shown, rng)]
    for user in draw_users(users, seed=seed):
        yield _profile(user)
        appeal = user.appeal(shown)
        for _ in range(2):
            yield from _slate(user, rng.permutation(IMAGES)[:SLATE], appeal, uris, rng)


def _slate(
    user: SimulatedUser, images: np.ndarray, appeal: np.ndarray, uris: list[str],
    rng: np.random.Generator,
) -> Iterator[Event]:  # fmt: skip
    request = str(uuid4())
    names = [f"i{number}.png" for number in images]
    at = system_clock()
    yield ImageCandidates(
        event_id=uuid4(), occurred_at=at, user_id=user.name, request_id=request,
        candidates=tuple(
            Candidate(image_id=name, uri=uris[n]) for name, n in zip(names, images, strict=True)
        ),
    )  # fmt: skip
    elements = {e.value: {"score": 2.5} for e in ELEMENTS}
    yield RankedFeed.model_validate(
        {
            "event_id": uuid4(), "occurred_at": at, "user_id": user.name, "request_id": request,
            "status": "ok", "profile_version": 1, "model_version": "test",
            "items": tuple(
                {
                    "image_id": name, "rank": rank, "score": 12.5, "elements": elements,
                    "propensity": 1 / SLATE, "tier": "vlm",
                }
                for rank, name in enumerate(names, start=1)
            ),
        }
    )  # fmt: skip
    for name, clicked in zip(names, clicks(rng, appeal[images]), strict=True):
        yield _action(user, "view", name, request)
        if clicked:
            yield _action(user, "click", name, request)


def _action(user: SimulatedUser, kind: str, image: str, request: str) -> Feedback:
    return Feedback.model_validate(
        {
            "event_id": uuid4(), "occurred_at": system_clock(), "user_id": user.name,
            "type": kind, "image_id": image, "request_id": request,
        }
    )  # fmt: skip


def _profile(user: SimulatedUser) -> ProfileUpdated:
    def side(words: Mapping[Element, Sequence[str]]) -> dict[str, Any]:
        return {
            e.value: [{"word": w, "weight": 1.0} for w in side_words]
            for e, side_words in words.items()
        }

    return ProfileUpdated.model_validate(
        {
            "event_id": uuid4(), "occurred_at": system_clock(), "user_id": user.name,
            "profile_version": 1, "preference": side(user.taste.like_words),
            "non_preference": side(user.taste.dislike_words),
            "evidence": {"liked": 5, "disliked": 5}, "model_version": "test",
        }
    )  # fmt: skip


def _uri(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    as_image(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
