"""Describe pictures in words, in place of images, for a language model that cannot see."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.prompting.prompt import Part, Prompt

SUBJECTS: Final = (
    "a harbor with fishing boats", "a sleeping cat", "a mountain lake", "a crowded market",
    "an old lighthouse", "a portrait of a woman", "a bowl of fruit", "a city street at night",
    "a robot in a garden", "two dancers", "a snowy forest", "a castle on a hill",
)  # fmt: skip
WORDS: Final = {
    Element.ART_STYLE: ("impressionism", "realism", "anime", "cubism", "pop art", "line art"),
    Element.COLOR: ("blue", "warm orange", "pastel pink", "black and white", "green", "red"),
    Element.MEDIUM: ("oil painting", "photograph", "watercolor", "vector graphic", "ink drawing"),
    Element.SATURATION: ("muted", "vivid", "soft", "bold", "gray"),
    Element.DETAIL: ("plain", "rich", "intricate", "moderate"),
}


@dataclass(frozen=True)
class WordPicture:
    """A picture in words."""

    subject: str
    words: tuple[str, ...]
    """One for each element, in their order."""

    @property
    def text(self) -> str:
        style, color, medium, saturation, detail = self.words
        return (
            f"[Image: {self.subject}. A {medium} in the style of {style}, mostly {color}, with"
            f" {saturation} colors and {detail} detail.]\n"
        )


def word_pictures(*, seed: int) -> Iterator[WordPicture]:
    """Pictures without end."""
    random_source = random.Random(seed)
    while True:
        yield WordPicture(
            random_source.choice(SUBJECTS),
            tuple(random_source.choice(WORDS[element]) for element in ELEMENTS),
        )


def taste_of(liked: WordPicture, disliked: WordPicture) -> Taste:
    """The taste for what one picture shows and against what the other one shows."""
    return Taste(preference=_side(liked), non_preference=_side(disliked))


def _side(picture: WordPicture) -> TasteSide:
    return TasteSide.model_validate(
        {
            element.value: (WeightedWord(word=word, weight=1),)
            for element, word in zip(ELEMENTS, picture.words, strict=True)
        }
    )


def in_words(prompt: Prompt, pictures: list[WordPicture]) -> Prompt:
    """The prompt with a text in place of each image."""
    texts = iter(picture.text for picture in pictures)
    parts = tuple(
        Part("text", next(texts)) if part.kind == "image" else part for part in prompt.parts
    )
    return replace(prompt, parts=parts)
