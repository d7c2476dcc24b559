"""Fit the weights of the search to clicks of simulated users, and measure what they bring.

python -m training.retrieval.simulated_clicks --cache runs/pictures

The users of `training.simulate` go by the color and the saturation more than by other elements,
which the model does not know. They view slates of drawings from the top and click. The mean appeal
of the shortlists of users whose clicks were not used shows whether the fitted weights are better.
"""

import argparse
import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS
from shared.domain.weights.retrieval_weights import SHIPPED, RetrievalWeights
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.minilm import MiniLM
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel
from training.evaluation.scoring import in_batches
from training.evaluation.serving_model import SEED, serving_model
from training.evaluation.serving_model import SHIPPED as MODEL
from training.retrieval.click_pairs import ClickPairs, click_pairs
from training.retrieval.data.images import CatalogImages, simulated_images
from training.retrieval.data.index import Indexed, index
from training.retrieval.data.users import Floats, Person, Profile, profile_of, totals
from training.retrieval.fit import fit, summary
from training.retrieval.measure import best
from training.retrieval.strategies import SHORTLIST, linear
from training.simulate.catalog import reference_images
from training.simulate.users import SimulatedUser, clicks, draw_users, viewed_ranks
from training.statistics.bootstrap import mean, paired_difference

SLATES: Final = 4
SLATE: Final = 15
STREAM: Final = 0xC11C


@dataclass(frozen=True)
class Clicker:
    """A simulated user and the profile that the services make of the references."""

    user: SimulatedUser
    profile: Profile


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.retrieval.simulated_clicks",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder of the indexed drawings")
    parser.add_argument("--images", type=int, default=2_000)
    parser.add_argument("--users", type=int, default=80, help="40 %% of them only test")
    parser.add_argument("--seed", type=int, default=SEED + 1, help=f"default {SEED + 1}")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    options = parser.parse_args()
    asyncio.run(run(options))
    return 0


async def run(options: argparse.Namespace) -> None:
    """Print the fit, and the mean appeal of the shortlists with both weights."""
    encoder, embedder = PretrainedEncoder(), MiniLM()
    try:
        with serving_model(MODEL, threads=options.threads) as model:
            catalog = simulated_images(options.images, seed=options.seed)
            indexed = await index(
                catalog, model, encoder, embedder, folder=options.cache / "retrieval"
            )
            clickers = []
            for user in draw_users(options.users, seed=options.seed):
                sides = reference_images(user, 5, seed=options.seed)
                person = Person(user.name, References(sides[0].images, sides[1].images))
                clickers.append(Clicker(user, await profile_of(person, model, encoder, embedder)))
            pairs = await clicked_pairs(clickers, catalog, indexed, model, seed=options.seed)
    finally:
        encoder.close()
        embedder.close()
    result = fit(pairs, seed=options.seed)
    print(json.dumps(summary(result, Path("not written")), indent=1))
    # The users of the fit are those that `fit` has drawn; the others are measured.
    order = np.random.default_rng(options.seed).permutation(np.unique(pairs.user))
    tested = [clickers[int(number)] for number in order[: result.users]]
    by_weights = {
        name: [appeal_of(clicker, catalog, indexed, weights) for clicker in tested]
        for name, weights in (("shipped", SHIPPED), ("fitted", result.weights))
    }
    for name, values in by_weights.items():
        print(f"mean appeal of the first {SHORTLIST}, {name}: {mean(values, seed=options.seed)}")
    difference = paired_difference(by_weights["fitted"], by_weights["shipped"], seed=options.seed)
    print(f"difference: {difference}")


async def clicked_pairs(
    clickers: list[Clicker],
    catalog: CatalogImages,
    indexed: Indexed,
    model: VisionLanguageModel,
    *,
    seed: int,
) -> ClickPairs:
    """Each user views slates of random drawings in the model's order, from the top, and clicks."""
    rows: list[tuple[int, list[float], list[float], int, int]] = []
    assert catalog.shown is not None
    for number, clicker in enumerate(clickers):
        rng = np.random.default_rng((seed, STREAM, number))
        profile = clicker.profile
        for _ in range(SLATES):
            slate = rng.choice(len(catalog), SLATE, replace=False)
            scores = await _six_scores(profile, catalog, indexed, model, slate)
            order = np.argsort(-totals(profile, scores[:, :-1], indexed.image[slate]))
            slate, shares = slate[order], (scores * profile.shares)[order]
            viewed = viewed_ranks(rng, SLATE)
            clicked = clicks(rng, clicker.user.appeal(catalog.shown[slate[:viewed]]))
            rows += [
                (number, shares[i].tolist(), shares[j].tolist(), i + 1, j + 1)
                for i in np.flatnonzero(clicked).tolist()
                for j in np.flatnonzero(~clicked).tolist()
            ]
    return click_pairs(rows)


def appeal_of(
    clicker: Clicker, catalog: CatalogImages, indexed: Indexed, weights: RetrievalWeights
) -> float:
    """Mean true appeal, 0-1, of the first images of the user's linear query."""
    assert catalog.shown is not None
    shortlist = best(linear(weights)(clicker.profile, indexed), SHORTLIST, frozenset())
    return float(clicker.user.appeal(catalog.shown[shortlist]).mean())


async def _six_scores(
    profile: Profile,
    catalog: CatalogImages,
    indexed: Indexed,
    model: VisionLanguageModel,
    slate: "np.typing.NDArray[np.int64]",
) -> Floats:
    """The scores of the elements and of the subject, 0-5: (images, 6)."""
    inputs = [ScoringInput(profile.taste, catalog.images[k]) for k in slate.tolist()]
    scored = await in_batches(model.score, inputs)
    look = np.array([[score.expected(element) for element in ELEMENTS] for score in scored])
    references = SubjectReferences(profile.liked, profile.disliked)
    return np.column_stack([look, references.scores(indexed.image[slate])])


if __name__ == "__main__":
    main()
