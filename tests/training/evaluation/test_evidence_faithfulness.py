"""The check of evidence counts a claim as true only where the score moves as it says."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from shared.embedding.images.subject import SubjectReferences
from shared.vlm.protocol import References, Scores, ScoringInput
from tests.fakes.model import ColorModel
from tests.fakes.scores import certain_scores
from training.evaluation.evidence.faithfulness import check_subject, check_words


def test_each_claim_about_a_subject_moves_the_score() -> None:
    rng = np.random.default_rng(2)
    rows = np.abs(rng.normal(0, 0.3, (20, 12))) + np.repeat(np.eye(12)[:2], 10, axis=0)
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    checked = check_subject(SubjectReferences(vectors[:5], vectors[10:15]), vectors[[5, 6, 16, 17]])
    assert checked.explained == checked.images == 4
    assert len(checked.moved["reference"]) > 4
    assert set(checked.moved["reference"] + checked.moved["resemblance"]) == {1.0}


def colors(*names: str) -> tuple[Image.Image, ...]:
    return tuple(Image.new("RGB", (8, 8), name) for name in names)


async def test_a_word_is_checked_without_the_references_that_share_it() -> None:
    references = References(colors("red", "red", "pink"), colors("blue", "blue"))
    checked = await check_words(ColorModel(), references, colors("red", "blue", "green"))
    assert checked.moved["word"] == [1.0, 1.0]
    assert checked.explained == 3  # green is not red, which most likes show


class LikesAll(ColorModel):
    """A model that scores every image as liked, whatever the references are."""

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return [certain_scores(5) for _ in candidates]


async def test_a_word_that_moves_nothing_counts_as_wrong() -> None:
    references = References(colors("red", "red"), colors("blue"))
    checked = await check_words(LikesAll(), references, colors("red"))
    assert checked.moved["word"] == [0.0]
