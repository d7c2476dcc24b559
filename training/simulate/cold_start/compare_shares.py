"""Compare shares of popularity: `python -m training.simulate.cold_start.compare_shares`.

No system is started. The new users state opinions on random images; model and image encoder score
the test images by 1, 3, 5 and 10 of them, and popularity of more or fewer other users is added with
several shares. The share of the assessor was chosen on the seeds 201-204 and 208-210.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PIL.Image import Image

from services.assessor.popularity.counts import Popularity
from services.assessor.popularity.prior import PopularityPrior, popularity_weight
from shared.domain.taste import ELEMENTS
from shared.domain.user import User
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.protocol import Vectors
from shared.files.atomic_write import atomic_write
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.runtime.file_subjects import file_subjects
from shared.settings import from_environment
from shared.vlm.factory import open_model
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel
from shared.vlm.settings import ModelSettings
from training.simulate.catalog import Catalog
from training.simulate.cold_start.arms import likes, strongest_first
from training.simulate.cold_start.measure import CHECKPOINTS, SLATE, split
from training.simulate.cold_start.population import Population, draw_population
from training.simulate.measure.metrics import Floats, Order, ndcg
from training.simulate.users import SimulatedUser
from training.statistics import bootstrap

OTHERS: Final = (12, 24, 60)
"""Other users whose feedback is counted."""
SHARES: Final = (0.0, 0.25, 0.4, 0.5, 0.6, 0.75, 1.0)
IMAGES: Final = 240
SKEW: Final = 0.5
Values = dict[str, dict[int, list[float]]]
"""NDCG@10 of each user, by the ranking and the number of references."""


class EncodedOnce:
    """An `ImageEncoder` that encodes each image object once."""

    def __init__(self, encoder: PretrainedEncoder) -> None:
        self._encoder = encoder
        self._vectors: dict[int, Vectors] = {}
        self._images: list[Image] = []
        """Kept, so that no other image gets the identity of an encoded one."""
        self.name, self.dimension = encoder.name, encoder.dimension

    async def encode(self, images: Sequence[Image]) -> Vectors:
        new = [image for image in images if id(image) not in self._vectors]
        if new:
            self._images += new
            self._vectors |= dict(zip(map(id, new), await self._encoder.encode(new), strict=True))
        return np.stack([self._vectors[id(image)] for image in images])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", default="201,202,203,204,208,209,210")
    parser.add_argument("--users", type=int, default=6, help="new users per seed (6)")
    parser.add_argument("--out", type=Path, help="write the figures as JSON to this file")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    asyncio.run(_measure(seeds, arguments.users, report=partial(_report, out=arguments.out)))
    return 0


def _report(values: Values, *, out: Path | None) -> None:
    """Print the figures so far, and write them where a file is named."""
    summary = {
        name: {k: vars(bootstrap.mean(of_users)) for k, of_users in by_count.items()}
        for name, by_count in values.items()
    }
    print(f"{len(next(iter(next(iter(values.values())).values())))} users", flush=True)
    for name, by_count in summary.items():
        row = "  ".join(f"{p['value']:.3f} ({p['low']:.3f}-{p['high']:.3f})"
                        for p in by_count.values())  # fmt: skip
        print(f"{name:28} {row}", flush=True)
    if out:
        atomic_write(out, json.dumps(summary, indent=1))


async def _measure(seeds: Sequence[int], users: int, *, report: Callable[[Values], None]) -> None:
    values: Values = {}
    pretrained = PretrainedEncoder()
    try:
        async with open_model(from_environment(ModelSettings)) as model:
            for seed in seeds:
                population = draw_population(
                    new=users, others=max(OTHERS), images=IMAGES, seed=seed, skew=SKEW
                )
                encoder = EncodedOnce(pretrained)
                pictures = [image.convert("RGB") for image in population.catalog.images]
                counts = {others: counted(population, others) for others in OTHERS}
                for number, user in enumerate(population.new_users):
                    test, pool = split(population, number, seed=seed)
                    opinions = strongest_first(user, population.catalog, pool[:SLATE])
                    appeal = user.appeal(population.catalog.shown)
                    for references in CHECKPOINTS[1:]:
                        own = await _own_totals(
                            model,
                            encoder,
                            pictures,
                            population,
                            user,
                            opinions[:references],
                            test,
                        )
                        for name, order in orders(own, counts, test, references).items():
                            by_count = values.setdefault(name, {})
                            by_count.setdefault(references, []).append(ndcg(order, appeal))
                report(values)
    finally:
        pretrained.close()


def counted(population: Population, others: int) -> Popularity:
    """The popularity that the first users give."""
    names = list(dict.fromkeys(event.user_id for event in population.feedback))[:others]
    popularity = Popularity()
    for event in population.feedback:
        if event.user_id in names:
            popularity.add(event)
    return popularity


def orders(
    own: Floats, counts: Mapping[int, Popularity], test: Order, references: int
) -> dict[str, Order]:
    """The test images by each number of other users and each share, by the name of the ranking."""
    names = [Catalog.name(int(number)) for number in test]
    ordered = {}
    for others, popularity in counts.items():
        by_image = popularity.scores(User("default", "new"), image_ids=names)
        for share in SHARES:
            prior = PopularityPrior(popularity_weight(references, greatest=share), by_image)
            totals = [prior.total(float(t), n) for t, n in zip(own, names, strict=True)]
            order = test[np.argsort(-np.array(totals), kind="stable")]
            ordered[f"{others} other users, share {share:g}"] = order
    return ordered


async def _own_totals(
    model: VisionLanguageModel,
    encoder: EncodedOnce,
    pictures: Sequence[Image],
    population: Population,
    user: SimulatedUser,
    opinions: Sequence[int],
    test: Order,
) -> Floats:
    """The totals, 0-25, of the test images by the user's opinions alone. (images,)"""
    catalog = population.catalog

    def images(numbers: Sequence[int] | Order) -> dict[str, Image]:
        return {catalog.name(int(n)): pictures[int(n)] for n in numbers}

    liked = images([n for n in opinions if likes(user, catalog, n)])
    disliked = images([n for n in opinions if not likes(user, catalog, n)])
    candidates = images(test)
    groups = [
        References(tuple(of_liked), tuple(of_disliked))
        for of_liked, of_disliked in reference_groups(list(liked.values()), list(disliked.values()))
    ]
    taste = taste_by_vote(await model.predict(groups))
    scores = await model.score([ScoringInput(taste, image) for image in candidates.values()])
    subjects = await file_subjects(
        encoder, model, taste, liked=liked, disliked=disliked, candidates=candidates
    )
    totals = []
    for name, of_image in zip(candidates, scores, strict=True):
        elements = {element: of_image.expected(element) for element in ELEMENTS}
        has_subject = subjects.weights is not None and name in subjects.scores
        totals.append(
            subjects.weights.total(elements, subjects.scores[name])
            if has_subject and subjects.weights is not None
            else of_image.total
        )
    return np.array(totals)


if __name__ == "__main__":
    sys.exit(main())
