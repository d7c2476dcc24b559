"""Compare strategies of retrieval: recall@100 of the model's best 20, and NDCG@10 of the feeds.

python -m training.retrieval --cache runs/pictures

Users for choosing and users for reporting differ, and so do their catalogs: other drawings, and
pictures of other packages.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.minilm import MiniLM
from training.evaluation.markdown import header, line
from training.evaluation.real_pictures.picture_sets import Use
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.retrieval.data.images import CatalogImages, Kind, real_images, simulated_images
from training.retrieval.data.users import Person, real_people, simulated_people
from training.retrieval.measure import BEST, Measured, measure
from training.retrieval.strategies import SHORTLIST
from training.retrieval.study import build_study

FAILED: Final = 1
IMAGES: Final = 2_000
USERS: Final[dict[Kind, int]] = {"simulated": 24, "real": 60}
"""The model needs 15 s for the drawings of a user, and much less for pictures."""
USES: Final[tuple[Use, ...]] = ("development", "held_out")
SEEDS: Final[dict[Use, int]] = {"development": 1, "held_out": 2}
"""Added to the seed, so that no user and no drawing is in both."""


@dataclass(frozen=True)
class Chosen:
    """One catalog with its users."""

    kind: Kind
    use: Use
    catalog: CatalogImages
    people: list[Person]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.retrieval", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for packages and scores")
    parser.add_argument("--images", type=int, default=IMAGES, help=f"default {IMAGES}")
    parser.add_argument("--users", type=int, help="of each kind; default 24 simulated and 60 real")
    parser.add_argument("--kinds", nargs="+", choices=USERS, default=list(USERS))
    parser.add_argument("--use", nargs="+", choices=USES, default=USES)
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    options = parser.parse_args()
    try:
        asyncio.run(compare(options))
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    return 0


async def compare(options: argparse.Namespace) -> None:
    """Print one table for each kind of images and each use."""
    encoder, embedder = PretrainedEncoder(), MiniLM()
    try:
        with serving_model(SHIPPED, threads=options.threads) as model:
            for chosen in _chosen(options):
                study = await build_study(
                    chosen.catalog, chosen.people, model, encoder, embedder,
                    folder=options.cache / "retrieval",
                )  # fmt: skip
                use = chosen.use.replace("_", "-")
                counts = f"{len(chosen.catalog)} images, {len(chosen.people)} users"
                print(f"\n{chosen.kind}, {use}: {counts}\n")
                report(measure(study, seed=options.seed))
    finally:
        encoder.close()
        embedder.close()


def _chosen(options: argparse.Namespace) -> Iterator[Chosen]:
    for kind in options.kinds:
        for use in options.use:
            seed = options.seed + SEEDS[use]
            count = options.users or USERS[kind]
            if kind == "simulated":
                catalog = simulated_images(options.images, seed=seed)
                yield Chosen(kind, use, catalog, simulated_people(count, seed=seed))
            else:
                catalog = real_images(options.images, use=use, cache=options.cache, seed=seed)
                yield Chosen(kind, use, catalog, real_people(count, catalog, seed=seed))


def report(measured: list[Measured]) -> None:
    columns = [f"recall@{SHORTLIST} of the model's best {BEST}", "worst user", "NDCG@10"]
    print("\n".join(header("shortlist by", columns)))
    for row in measured:
        print(line(row.name, [row.recall, f"{row.worst:.2f}", row.ndcg]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
