"""Make the release that a simulation starts with: its element weights are learned beforehand.

What a training job adds to it is then the adapter's: five learned numbers are no news any more.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.files.atomic_write import atomic_write
from shared.vlm.checkpoint.checkpoint import MANIFEST, shipped_folder
from shared.vlm.checkpoint.model_package import read_model_package
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.pictures.open_reader import with_picture_reader
from shared.vlm.pictures.picture_model import Engine
from shared.vlm.protocol import References, ScoringInput
from training.job.examples.element_weights import learn_weights
from training.job.scoring.pair_scoring import Model, predict_tastes, score_in_batches
from training.simulate.population import Population
from training.simulate.users import Floats, clicks

OTHER_SEED: Final = 0x07E5
"""Added to the seed: other users and other images than those of the simulation."""
CATALOG: Final = 120
"""Images from which the other users' slates are drawn."""
SLATE: Final = 20
"""Images that each other user looks at."""
REFERENCES: Final = 5


def learned_population_weights(
    model: Model, population: Population, *, users: int, seed: int, skew: float = 0.0
) -> ElementWeights:
    """Element weights from the clicks of `users` other users of the population.

    Each is shown one slate in random order; the clicked images win against the others.
    """
    others = population.draw_users(users, seed=seed + OTHER_SEED)
    catalog = population.draw_catalog(CATALOG, seed=seed + OTHER_SEED, skew=skew)
    references = [
        population.reference_images(user, REFERENCES, seed=seed + OTHER_SEED) for user in others
    ]
    tastes = predict_tastes(model, [References(up.images, down.images) for up, down in references])
    rng = np.random.default_rng((seed, 0x3E16))
    slates = [rng.permutation(len(catalog))[:SLATE] for _ in others]
    better, worse, names = [], [], []
    for user, (taste, _), slate in zip(others, tastes, slates, strict=True):
        digits = _expected_digits(model, taste, [catalog.images[n] for n in slate])
        is_clicked = clicks(rng, user.appeal(catalog.shown[slate]))
        for i in np.flatnonzero(is_clicked):
            for j in np.flatnonzero(~is_clicked):
                better.append(digits[i])
                worse.append(digits[j])
                names.append(user.name)
    counts = {name: names.count(name) for name in set(names)}
    return learn_weights(
        np.array(better), np.array(worse), users=names,
        weights=[1 / counts[name] for name in names], champion=EQUAL_WEIGHTS,
    ).weights  # fmt: skip


def open_engine(folder: Path, adapter: Path | None = None) -> Engine:
    """The engine that serves a model, with its reader of real pictures."""
    package = read_model_package(adapter) if adapter else None
    return with_picture_reader(TransformersEngine(folder, adapter=package), folder)


def start_release(
    folder: Path, population: Population, *, users: int, seed: int, skew: float
) -> Path:
    """The model folder with which a simulation starts: the shipped one without `users`.

    Otherwise `folder`, with element weights that are learned from as many other users, once.
    """
    if not users:
        return shipped_folder()
    if not (folder / MANIFEST).is_file():
        model = open_engine(shipped_folder())
        weights = learned_population_weights(model, population, users=users, seed=seed, skew=skew)
        weighted_release(folder, weights)
    return folder


def weighted_release(to: Path, weights: ElementWeights) -> Path:
    """The shipped model with these element weights, as a folder of its own; the manifest last."""
    to.mkdir(parents=True, exist_ok=True)
    source = shipped_folder()
    for file in source.iterdir():
        if file.is_file() and file.name != MANIFEST:
            shutil.copyfile(file, to / file.name)
    manifest = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
    # Caches are keyed by the version: other weights need another one.
    manifest["version"] += "-weighted"
    manifest["element_weights"] = weights.model_dump()
    atomic_write(to / MANIFEST, json.dumps(manifest, indent=1))
    return to


def _expected_digits(model: Model, taste: Taste, images: Sequence[Image]) -> Floats:
    """(images, 5)"""
    scores = score_in_batches(model, [ScoringInput(taste, image) for image in images])
    return np.array([[s.expected(e) for e in ELEMENTS] for s in scores])
