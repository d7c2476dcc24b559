"""What the vision tower sees in an image is one vector, whatever other images are with it."""

from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.engine.vision_vectors import vision_vectors
from shared.vlm.pictures.open_reader import with_picture_reader

IMAGES = [
    Image.fromarray(np.random.default_rng(n).integers(0, 255, (96, 96, 3), dtype=np.uint8))
    for n in range(3)
]


def test_images_have_the_same_vectors_alone_and_together() -> None:
    engine = TransformersEngine(shipped_folder(), threads=1)
    together = engine.seen_in(IMAGES)
    assert together is not None
    assert together.shape == (3, engine.model.config.vision_config.hidden_size)
    alone = [engine.seen_in([image]) for image in IMAGES]
    assert np.allclose(
        together, np.concatenate([row for row in alone if row is not None]), atol=1e-4
    )
    assert np.abs(together[0] - together[1]).max() > 0.1
    served = with_picture_reader(engine, shipped_folder())
    through = served.seen_in(IMAGES)
    assert np.allclose(through, together, atol=1e-4)


def test_a_model_without_a_known_tower_gives_no_vectors() -> None:
    model = SimpleNamespace(model=SimpleNamespace(vision_tower=torch.nn.Linear(2, 2)))
    assert vision_vectors(model, {"pixel_values": torch.zeros(1, 2)}) is None
