"""Build a study: index a catalog, make the profiles of its users, and score it completely."""

from pathlib import Path

import numpy as np

from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.protocol import Embedder
from shared.vlm.protocol import VisionLanguageModel
from training.retrieval.data.images import CatalogImages, digest
from training.retrieval.data.index import index
from training.retrieval.data.users import (
    Person,
    look_scores,
    profile_of,
    totals,
    true_relevance,
)
from training.retrieval.measure import Study


async def build_study(
    catalog: CatalogImages,
    people: list[Person],
    model: VisionLanguageModel,
    encoder: ImageEncoder,
    embedder: Embedder,
    *,
    folder: Path,
) -> Study:
    """The study; what was computed for the same images, users and model is read from `folder`."""
    indexed = await index(catalog, model, encoder, embedder, folder=folder)
    profiles = tuple([await profile_of(person, model, encoder, embedder) for person in people])
    # Equal names need not be equal pictures: a package may have another version.
    images = f"{catalog.name}-{digest(catalog.images)}"
    path = folder / f"look-{images}-{people[0].name}-{len(people)}-{model.model_version}.npz"
    look = await look_scores(catalog, profiles, model, path=path)
    return Study(
        indexed,
        profiles,
        np.stack([totals(p, row, indexed.image) for p, row in zip(profiles, look, strict=True)]),
        np.stack([true_relevance(person, catalog) for person in people]),
    )
