"""Measure the audience of new images: which share of the matched users likes the image.

python -m training.retrieval.audience --cache runs/pictures

An image and a user are a pair. A user likes a drawing whose true total is 15 of 25 or more, and a
real picture of the liked set. Each baseline matches as many pairs as the audience does.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS
from shared.embedding.audience.scoring import image_score
from shared.embedding.audience.user_examples import ComparableReferences, UserExamples
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.minilm import MiniLM
from shared.embedding.protocol import Vectors
from shared.embedding.taste_vectors import BLOCK_LENGTH
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.protocol import TasteVectors
from training.evaluation.controls import OTHER_USER, USER_BLIND, of_next_user
from training.evaluation.markdown import header, line
from training.evaluation.real_pictures.picture_sets import Use
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.retrieval.data.images import CatalogImages, Kind, real_images, simulated_images
from training.retrieval.data.index import Indexed, index
from training.retrieval.data.users import (
    Floats,
    Person,
    Profile,
    profile_of,
    real_people,
    simulated_people,
    true_relevance,
)
from training.statistics.bootstrap import share
from training.statistics.interval import Share

FAILED: Final = 1
IMAGES: Final = 400
USERS: Final = 60
LIKED_FROM: Final = 15.0
"""True total, 0-25, from which a simulated user likes a drawing."""
SCORES: Final = (13.0, 15.0, 17.0, 19.0, 21.0)
SEEDS: Final[dict[Use, int]] = {"development": 3, "held_out": 4}
"""Added to the seed, so that no user and no drawing is in both."""
KINDS: Final[tuple[Kind, ...]] = ("simulated", "real")
RANDOM: Final = "random users"
Matches = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """All pairs of the users and the images that are no references of theirs."""

    scores: Floats
    """Score of each image for each user, 0-25, (users, images); NaN for a reference."""
    likes: Matches
    """Whether the user likes the image, (users, images)."""

    @property
    def are_new(self) -> Matches:
        """The pairs that count: references are none."""
        return ~np.isnan(self.scores)


@dataclass(frozen=True)
class Row:
    """One way to match at one score."""

    name: str
    precision: Share
    """Share of the matched pairs in which the user likes the image."""
    recall: Share
    """Share of the pairs with a like that are matched."""


def rows(pairs: Pairs, least_score: float, *, seed: int) -> list[Row]:
    """The audience at a score, and the baselines with as many matched pairs.

    Raises `ValueError` where no pair is matched.
    """
    matched = pairs.are_new & (np.nan_to_num(pairs.scores) >= least_score)
    count = int(matched.sum())
    blind = np.broadcast_to(np.nanmean(pairs.scores, axis=0), pairs.scores.shape)
    other = np.stack(of_next_user(list(np.nan_to_num(pairs.scores))))
    random = np.random.default_rng((seed, 0xA0D1)).random(pairs.scores.shape)
    ways = {
        f"audience from {least_score:g}": matched,
        RANDOM: _highest(random, pairs, count),
        USER_BLIND: _highest(blind, pairs, count),
        OTHER_USER: _highest(other, pairs, count),
    }
    return [_row(name, pairs, way, seed=seed) for name, way in ways.items()]


def _highest(scores: Floats, pairs: Pairs, count: int) -> Matches:
    """The pairs with the highest scores."""
    allowed = np.where(pairs.are_new, scores, -np.inf)
    chosen = np.zeros(allowed.shape, bool)
    chosen.flat[np.argsort(-allowed, axis=None, kind="stable")[:count]] = True
    return chosen


def _row(name: str, pairs: Pairs, matched: Matches, *, seed: int) -> Row:
    likes = pairs.likes & pairs.are_new
    precision = [likes[user][matched[user]].astype(float).tolist() for user in range(len(likes))]
    recall = [matched[user][likes[user]].astype(float).tolist() for user in range(len(likes))]
    return Row(name, share(precision, seed=seed), share(recall, seed=seed))


def pairs_of(
    people: Sequence[Person],
    profiles: Sequence[Profile],
    catalog: CatalogImages,
    indexed: Indexed,
    weights: ElementWeights,
) -> Pairs:
    """Score all pairs as the audience does; an image without words scores 0."""
    vectors = [_named(indexed, number) for number in range(len(indexed))]
    scores = np.zeros((len(people), len(indexed)))
    likes = np.zeros(scores.shape, bool)
    for user, (person, profile) in enumerate(zip(people, profiles, strict=True)):
        examples = _examples(profile)
        for number, of_image in enumerate(vectors):
            score = image_score(of_image, examples, weights)
            scores[user, number] = score.total if score else 0.0
        scores[user, list(profile.excluded)] = np.nan
        relevance = true_relevance(person, catalog)
        likes[user] = relevance >= (LIKED_FROM if catalog.shown is not None else 1.0)
    return Pairs(scores, likes)


def _named(indexed: Indexed, number: int) -> dict[str, Vectors]:
    """The vectors of one image by name, as the catalog stores them."""
    named = {IMAGE_VECTOR: indexed.image[number]}
    for row, element in enumerate(ELEMENTS):
        if indexed.elements[number, row].any():
            named[element.value] = indexed.elements[number, row]
    return named


def _examples(profile: Profile) -> UserExamples:
    sides = [
        (words * BLOCK_LENGTH).reshape(-1)
        for words in (profile.liked_words, profile.disliked_words)
    ]
    references = SubjectReferences(profile.liked, profile.disliked)
    comparable = ComparableReferences(references, profile.liked.shape[1])
    return UserExamples(
        (TasteVectors(*sides),), (comparable if references.can_score else None,), profile.weights
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.retrieval.audience", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for packages and scores")
    parser.add_argument("--images", type=int, default=IMAGES, help=f"default {IMAGES}")
    parser.add_argument("--users", type=int, default=USERS, help=f"of each kind; default {USERS}")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--use", nargs="+", choices=[*SEEDS], default=[*SEEDS])
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    options = parser.parse_args()
    try:
        asyncio.run(_measure(options))
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    return 0


async def _measure(options: argparse.Namespace) -> None:
    """Print one table for each kind of images and each use."""
    encoder, embedder = PretrainedEncoder(), MiniLM()
    folder = options.cache / "retrieval"
    try:
        with serving_model(SHIPPED, threads=options.threads) as model:
            for kind in options.kinds:
                for use in options.use:
                    seed = options.seed + SEEDS[use]
                    catalog, people = _chosen(kind, use, options, seed=seed)
                    indexed = await index(catalog, model, encoder, embedder, folder=folder)
                    profiles = [await profile_of(p, model, encoder, embedder) for p in people]
                    pairs = pairs_of(people, profiles, catalog, indexed, model.element_weights)
                    print(f"\n{kind}, {use.replace('_', '-')}: {len(catalog)} images,"
                          f" {len(people)} users, seed {seed}\n")  # fmt: skip
                    report(pairs, seed=options.seed)
    finally:
        encoder.close()
        embedder.close()


def _chosen(
    kind: Kind, use: Use, options: argparse.Namespace, *, seed: int
) -> tuple[CatalogImages, list[Person]]:
    if kind == "simulated":
        catalog = simulated_images(options.images, seed=seed)
        return catalog, simulated_people(options.users, seed=seed)
    catalog = real_images(options.images, use=use, cache=options.cache, seed=seed)
    return catalog, real_people(options.users, catalog, seed=seed)


def report(pairs: Pairs, *, seed: int) -> None:
    """Print the audience at each score with its baselines."""
    columns = ["pairs", "the user likes the image", "of the likes, matched"]
    print("\n".join(header("matched by", columns)))
    for least_score in SCORES:
        try:
            measured = rows(pairs, least_score, seed=seed)
        except ValueError:
            print(f"no pair scores {least_score:g} or more")
            continue
        for row in measured:
            print(line(row.name, [str(row.precision.count), row.precision, row.recall]),
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
