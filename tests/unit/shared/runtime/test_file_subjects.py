"""Files are ranked by what they show where the references differ in that, and named where sure."""

from typing import Final

import pytest
from PIL import Image

from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.embedding.images.protocol import ImageEncoder
from shared.runtime.file_subjects import FileSubjects, file_subjects
from tests.fakes.image_encoder import NamingEncoder, SubjectEncoder
from tests.fakes.images import plain_image
from tests.fakes.model import ColorModel

SHOWN: Final = dict.fromkeys(("orange", "pink", "yellow", "red"), "bird") | dict.fromkeys(
    ("green", "navy", "black", "blue"), "flower"
)
TASTE: Final = Taste(
    preference=TasteSide(color=(WeightedWord(word="red", weight=1),)),
    non_preference=TasteSide(color=(WeightedWord(word="blue", weight=1),)),
)


def images(*colors: str) -> dict[str, Image.Image]:
    return {color: plain_image(color, color).pixels for color in colors}


async def subjects_of(
    encoder: ImageEncoder, liked: tuple[str, ...], disliked: tuple[str, ...], *candidates: str
) -> FileSubjects:
    return await file_subjects(
        encoder, ColorModel(), TASTE,
        liked=images(*liked), disliked=images(*disliked), candidates=images(*candidates),
    )  # fmt: skip


async def test_files_are_scored_and_named_by_what_they_show() -> None:
    result = await subjects_of(
        NamingEncoder(SHOWN),
        ("orange", "pink", "yellow"),
        ("green", "navy", "black"),
        "red",
        "blue",
    )
    assert result.scores["red"] > 2.5 > result.scores["blue"]
    assert [word.word for word in result.words["red"]] == ["bird"]
    assert result.weights is not None
    assert result.weights.subject > 0.5
    assert result.subjects is not None
    assert [w.word for w in result.subjects.non_preference.words] == ["flower"]


async def test_an_encoder_without_words_gives_scores_and_typical_references() -> None:
    result = await subjects_of(
        SubjectEncoder(SHOWN), ("orange", "pink", "yellow"), ("green", "navy", "black"), "red"
    )
    assert result.words == {}
    assert result.scores.keys() == {"red"}
    assert result.subjects is not None
    assert len(result.subjects.preference.examples) == 3


async def test_one_like_alone_is_compared_with_the_candidates() -> None:
    result = await subjects_of(NamingEncoder(SHOWN), ("orange",), (), "pink", "blue", "navy")
    assert result.scores["pink"] > max(result.scores["blue"], result.scores["navy"])
    assert result.weights is not None


@pytest.mark.parametrize(("liked", "disliked"), [((), ()), (("red",), ("red",))])
async def test_without_evidence_for_a_side_the_look_alone_counts(
    liked: tuple[str, ...], disliked: tuple[str, ...]
) -> None:
    result = await subjects_of(NamingEncoder(SHOWN), liked, disliked, "pink", "blue")
    assert (result.weights, result.scores) == (None, {})
    assert result.words.keys() == {"pink", "blue"}
