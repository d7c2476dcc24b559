"""Measure the quality of retrieval with the shipped model on drawings of the simulator."""

from dataclasses import dataclass
from pathlib import Path

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.minilm import MiniLM
from training.evaluation.serving_model import SHIPPED, serving_model
from training.retrieval.data.images import simulated_images
from training.retrieval.data.index import index
from training.retrieval.data.users import profile_of, simulated_people
from training.retrieval.feeds import Feeds, measure_feeds
from training.retrieval.measure import shortlist_recall
from training.retrieval.study import build_study
from training.statistics.interval import Share


@dataclass(frozen=True)
class Quality:
    """Recall of the shortlist, and the quality of feeds from a large catalog."""

    scored: int
    recall: Share
    catalog: int
    feeds: Feeds


async def measure_quality(
    *, scored: int, catalog: int, users: int, seed: int, folder: Path
) -> Quality:
    """Score `scored` drawings for each user completely, and make feeds from `catalog` drawings."""
    encoder, embedder = PretrainedEncoder(), MiniLM()
    people = simulated_people(users, seed=seed)
    try:
        with serving_model(SHIPPED) as model:
            study = await build_study(
                simulated_images(scored, seed=seed), people, model, encoder, embedder, folder=folder
            )
            large = simulated_images(catalog, seed=seed + 1)
            indexed = await index(large, model, encoder, embedder, folder=folder)
            profiles = [await profile_of(person, model, encoder, embedder) for person in people]
            feeds = await measure_feeds(
                large, indexed, list(zip(people, profiles, strict=True)), model, seed=seed
            )
    finally:
        encoder.close()
        embedder.close()
    return Quality(scored, shortlist_recall(study, seed=seed), catalog, feeds)
