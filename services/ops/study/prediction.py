"""Predict the choices of a blind test: by the running system, and by the rankers next to it."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from services.ops.context import OpsContext
from services.ops.study.commitment import Commitment, Ranker, forecasts, new_nonce
from services.ops.study.pairs import draw_pairs
from services.ops.study.study import Study, StudyError, StudyPicture
from shared.client import action, request
from shared.domain.errors import Unavailable
from shared.embedding.images.affinity import affinity
from shared.embedding.images.color_histogram import color_shares
from shared.embedding.protocol import Vectors
from shared.events import Candidate, Feedback, RankedFeed
from shared.events.topics import MAX_RECORD_BYTES
from shared.images.loader import LoadedImage

PROFILE_SECONDS: Final = 120.0
"""Time for the profile of ten references; a model that was just loaded needs most of it."""
POLL_SECONDS: Final = 0.25
FEED_SECONDS: Final = 120.0
REQUEST_CHARACTERS: Final = MAX_RECORD_BYTES // 2
"""Characters of the addresses of one request."""
POPULARITY_USERS: Final = 200
"""Other users whose references are read for the popularity."""


async def commit(ops: OpsContext, study: Study) -> None:
    """Predict all pairs of a test and fix the predictions; raises `StudyError`, `Unavailable`.

    The pairs are drawn from the unmarked pictures before any of them is scored.
    """
    async with study.lock:
        if study.commitment is not None:
            return
        if missing := study.missing():
            raise StudyError(missing)
        images = await _loaded(ops, study)
        seed = secrets.randbits(53)
        pairs = draw_pairs(study.unmarked(), rng=random.Random(seed))
        system, study.served_by = await _by_system(ops, study)
        scores: dict[Ranker, Mapping[str, float]] = {"system": system}
        encoded = await _by_encoder(ops, study, images)
        if encoded is not None:
            scores["image_encoder"] = encoded
        histograms = {name: color_shares(image.pixels) for name, image in images.items()}
        scores["color_histogram"] = _affinities(study, histograms)
        scores["popularity"] = await _by_popularity(ops, study, images)
        study.commitment = Commitment(
            committed_at=ops.clock(),
            nonce=new_nonce(),
            seed=seed,
            pairs=forecasts(pairs, scores),
        )


async def _loaded(ops: OpsContext, study: Study) -> dict[str, LoadedImage]:
    return {
        picture.picture_id: await ops.stores.image_loader.load(picture.uri)
        for picture in study.pictures.values()
    }


async def _by_system(
    ops: OpsContext, study: Study
) -> tuple[dict[str, float], Mapping[str, object]]:
    """The total score of each unmarked picture in the feeds of the running system."""
    if not study.marks_are_sent:
        study.marks_are_sent = True
        await ops.kafka.send(*_references(study))
    await _wait_for_profile(ops, study)
    scores: dict[str, float] = {}
    served_by: dict[str, object] = {}
    for pictures in _requests([study.pictures[name] for name in study.unmarked()]):
        feed = await ops.kafka.answer(
            request(
                study.user_id,
                [Candidate(image_id=p.picture_id, uri=p.uri) for p in pictures],
                tenant=study.tenant,
                explain="none",
            ),
            seconds=FEED_SECONDS,
        )
        scores |= _totals(feed)
        served_by = {
            "model_version": feed.model_version,
            "profile_version": feed.profile_version,
            "subject_weight": feed.subject_weight,
        }
    return scores, served_by


def _references(study: Study) -> list[Feedback]:
    return [
        action(
            study.user_id,
            "reference_like" if side == "liked" else "reference_dislike",
            picture_id,
            uri=study.pictures[picture_id].uri,
            tenant=study.tenant,
        )
        for picture_id, side in study.marks.items()
    ]


async def _wait_for_profile(ops: OpsContext, study: Study) -> None:
    for _ in range(int(PROFILE_SECONDS / POLL_SECONDS)):
        stored = await ops.stores.profiles.get(tenant=study.tenant, user_id=study.user_id)
        if stored and study.marks.keys() <= {r.image_id for r in stored.references}:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise Unavailable(
        "profile", f"the taste was not predicted within {PROFILE_SECONDS:g} s; try again"
    )


def _requests(pictures: Sequence[StudyPicture]) -> list[list[StudyPicture]]:
    """The pictures in requests that fit into a record; a score does not depend on the others."""
    groups: list[list[StudyPicture]] = [[]]
    size = 0
    for picture in pictures:
        if groups[-1] and size + len(picture.uri) > REQUEST_CHARACTERS:
            groups.append([])
            size = 0
        groups[-1].append(picture)
        size += len(picture.uri)
    return groups


def _totals(feed: RankedFeed) -> dict[str, float]:
    if feed.status != "ok":
        reason = feed.degraded_reason or "it has no taste of this user"
        raise Unavailable("model", f"the system did not score the pictures: {reason}; try again")
    if feed.rejected:
        raise StudyError(f"A picture was not ranked: {feed.rejected[0].reason}")
    return {
        item.image_id: (item.score if item.score_total is None else item.score_total) or 0.0
        for item in feed.items
    }


async def _by_encoder(
    ops: OpsContext, study: Study, images: Mapping[str, LoadedImage]
) -> dict[str, float] | None:
    """By the vectors of the image encoder; None where this process has no encoder."""
    if ops.stores.encoded_images is None:
        return None
    vectors = await ops.stores.encoded_images.vectors(
        {image.content_hash: image.pixels for image in images.values()}
    )
    by_id = {
        name: vectors[image.content_hash]
        for name, image in images.items()
        if image.content_hash in vectors
    }
    return _affinities(study, by_id) if len(by_id) == len(images) else None


def _affinities(study: Study, vectors: Mapping[str, Vectors]) -> dict[str, float]:
    """Mean similarity to the likes minus that to the dislikes."""
    liked, disliked, new = (
        np.stack([vectors[name] for name in names])
        for names in (study.marked("liked"), study.marked("disliked"), study.unmarked())
    )
    values = affinity(new, liked, disliked)
    return {name: float(value) for name, value in zip(study.unmarked(), values, strict=True)}


async def _by_popularity(
    ops: OpsContext, study: Study, images: Mapping[str, LoadedImage]
) -> dict[str, float]:
    """Likes minus dislikes of the same picture by other users of the tenant."""
    users = await ops.stores.users.page(tenant=study.tenant, after=None, limit=POPULARITY_USERS)
    votes: Counter[str] = Counter()
    for user in users.users:
        if user.user_id == study.user_id:
            continue
        stored = await ops.stores.profiles.get(tenant=study.tenant, user_id=user.user_id)
        for reference in stored.references if stored else ():
            votes[reference.content_hash] += 1 if reference.side == "liked" else -1
    return {name: float(votes[images[name].content_hash]) for name in study.unmarked()}
