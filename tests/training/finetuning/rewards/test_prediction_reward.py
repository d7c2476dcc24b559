"""The prediction reward with the real text encoder, on words that the simulator cannot draw."""

from typing import Final

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.embedding.minilm import MiniLM
from shared.prompting import prompt
from training.finetuning.grpo.drawn_profiles import DrawnProfiles, unlike_profiles
from training.finetuning.grpo.text_encoder import WordEncoder
from training.prefersim.values.vocabulary import VALUES
from training.rewards.image_similarity import FeatureSimilarity, rescaled
from training.rewards.prediction import ImageTerm, Sides, profile_similarity
from training.rewards.text_similarity import TextSimilarity, floors

pytestmark = pytest.mark.model
TRUE: Final = Sides(
    likes={
        Element.ART_STYLE: ("ukiyo-e",), Element.COLOR: ("sepia",), Element.MEDIUM: ("woodcut",),
        Element.SATURATION: ("faded",), Element.DETAIL: ("sparse",),
    },
    dislikes={
        Element.ART_STYLE: ("baroque",), Element.COLOR: ("neon",), Element.MEDIUM: ("photograph",),
        Element.SATURATION: ("garish",), Element.DETAIL: ("ornamental",),
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def text() -> TextSimilarity:
    encoder = WordEncoder(MiniLM())
    return TextSimilarity(encoder, floors(encoder, VALUES))


@pytest.fixture(scope="module")
def images(text: TextSimilarity) -> ImageTerm:
    renderer = DrawnProfiles(text.encoder)
    similarity = rescaled(FeatureSimilarity(), renderer, unlike=unlike_profiles(16))
    return ImageTerm(renderer, similarity)


def line(likes: str, dislikes: str) -> str:
    return prompt.taste_lines(
        dict.fromkeys(ELEMENTS, (likes,)), dict.fromkeys(ELEMENTS, (dislikes,))
    )


@pytest.mark.parametrize(("likes", "dislikes"), [("zxqv", "blorpt"), ("qwe rty", "asdfgh")])
def test_nonsense_earns_next_to_nothing(
    text: TextSimilarity, images: ImageTerm, likes: str, dislikes: str
) -> None:
    assert profile_similarity(line(likes, dislikes), TRUE, text, images) < 0.05


def test_the_true_words_earn_everything_although_they_cannot_be_drawn(
    text: TextSimilarity, images: ImageTerm
) -> None:
    right = prompt.taste_lines(TRUE.likes, TRUE.dislikes)
    assert profile_similarity(right, TRUE, text, images) == pytest.approx(1)
    swapped = prompt.taste_lines(TRUE.dislikes, TRUE.likes)
    assert profile_similarity(swapped, TRUE, text, images) < 0.2
