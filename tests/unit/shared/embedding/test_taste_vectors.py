"""Scores by the similarity of words, also for users with likes or dislikes alone."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.embedding.protocol import Vectors
from shared.embedding.taste_vectors import description_vector, element_scores, taste_vectors

ANGLES = {"navy": 0.0, "blue": 30.0, "teal": 50.0, "red": 70.0, "yellow": 90.0}
"""Words as directions in a plane: their similarity is the cosine of the angle between them."""


class PlaneEmbedder:
    """Embeds words as `ANGLES`, (words, 2)."""

    name = "plane"
    dimension = 2

    async def embed(self, texts: Sequence[str]) -> Vectors:
        angles = np.deg2rad([ANGLES[text] for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def side(*words: str) -> TasteSide:
    return TasteSide(color=tuple(WeightedWord(word=word, weight=1) for word in words))


async def color_scores(taste: Taste, *shown: str) -> list[float]:
    embedder = PlaneEmbedder()
    vectors = await taste_vectors(taste, embedder)
    scores = []
    for word in shown:
        image = await description_vector({Element.COLOR: (word,)}, embedder)
        of_image = element_scores(image, vectors)
        assert of_image[Element.MEDIUM] == 2.0, "neither the taste nor the image names a medium"
        scores.append(of_image[Element.COLOR])
    return scores


async def test_with_likes_alone_images_rank_by_their_similarity_to_the_likes() -> None:
    scores = await color_scores(Taste(preference=side("navy")), "navy", "teal", "red", "yellow")
    assert scores[0] == 5.0
    assert all(above > below for above, below in pairwise(scores[:3]))
    assert scores[2:] == pytest.approx([2.0, 2.0]), "an unrelated color is neutral, not liked"


async def test_with_dislikes_alone_images_rank_by_their_distance_from_them() -> None:
    scores = await color_scores(Taste(non_preference=side("navy")), "navy", "teal", "red")
    assert scores[0] == 0.0
    assert all(above < below for above, below in pairwise(scores))
    assert scores[2] == 2.0


async def test_with_both_sides_the_difference_of_the_similarities_counts() -> None:
    taste = Taste(preference=side("navy"), non_preference=side("yellow"))
    scores = await color_scores(taste, "navy", "yellow")
    assert scores == [5.0, 0.0]
