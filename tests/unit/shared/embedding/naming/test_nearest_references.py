"""The references that an image is most like, and those that are typical of a side."""

import numpy as np
import pytest

from shared.embedding.images.naming.nearest_references import nearest_references, typical_references
from shared.embedding.protocol import Vectors


def unit(*values: float) -> Vectors:
    vector = np.asarray(values, np.float32)
    result: Vectors = vector / np.linalg.norm(vector)
    return result


LIKED = {"near": unit(1, 0.1, 0), "far": unit(0, 1, 0), "nearer": unit(1, 0.05, 0)}
DISLIKED = {"other": unit(0, 0, 1)}


def test_the_most_similar_references_of_each_side_come_first() -> None:
    nearest = nearest_references(unit(1, 0, 0), liked=LIKED, disliked=DISLIKED, limit=2)
    assert [reference.image_id for reference in nearest.liked] == ["nearer", "near"]
    assert nearest.liked[0].similarity == pytest.approx(float(LIKED["nearer"][0]))
    assert [reference.image_id for reference in nearest.disliked] == ["other"]
    assert nearest.disliked[0].similarity == pytest.approx(0)


def test_a_side_without_references_has_no_nearest_ones() -> None:
    nearest = nearest_references(unit(1, 0, 0), liked={}, disliked={})
    assert (nearest.liked, nearest.disliked) == ((), ())


def test_typical_references_are_like_their_side_and_unlike_the_other() -> None:
    assert typical_references(LIKED, DISLIKED, limit=2) == ["near", "nearer"]
    assert typical_references({"one": unit(1, 0, 0)}, {}) == ["one"]
    assert typical_references({}, LIKED) == []
