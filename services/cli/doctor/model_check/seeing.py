"""Check that the model sees: red from blue, dark from light, a liked look from a disliked one."""

from collections.abc import Sequence
from typing import Final

from services.cli.doctor.model_check.answers import REFERENCES
from services.cli.doctor.model_check.finding import Finding
from services.cli.doctor.model_check.probe_images import blocky, blurred, colored, dark, light
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.factory import Model
from shared.vlm.protocol import Description, ScoringInput

NEW_IMAGES: Final = 4
"""New images of each look: 16 pairs."""
BLIND_ADVICE: Final = (
    "the model does not use the image: check the chat template, the image tokens and the processor"
    " of the checkpoint, or that the server was started with a vision-language model"
)


async def check_colors(model: Model) -> Finding:
    """Whether red and blue pictures get different color words."""
    described = await model.describe([colored("red"), colored("blue"), colored("red", 3)])
    red, blue, red_again = (_words(d, Element.COLOR) for d in described)
    detail = f"red pictures are {_text(red | red_again)}, a blue one is {_text(blue)}"
    if red and blue and not (red | red_again) & blue:
        return Finding("red from blue", "ok", detail)
    return Finding("red from blue", "wrong", detail, BLIND_ADVICE)


async def check_light(model: Model) -> Finding:
    """Whether a light and a dark picture are described differently in any element."""
    bright, black = await model.describe([light(), dark()])
    different = [e.label for e in ELEMENTS if _words(bright, e) != _words(black, e)]
    detail = f"different words for {', '.join(different) or 'no element'}"
    if different:
        return Finding("dark from light", "ok", detail)
    return Finding(
        "dark from light", "note", f"the same words for a white and a black picture: {detail}",
        "the model names no lightness; a user who likes dark pictures is not understood",
    )  # fmt: skip


async def check_look(model: Model) -> Finding:
    """Whether new images of a liked look outrank those of a disliked one, in all pairs of both."""
    taste = taste_by_vote(await model.predict([REFERENCES]))
    right = await _pairs_right(model, taste)
    pairs = NEW_IMAGES**2
    detail = f"{right} of {pairs} pairs of a liked and a disliked look are in the right order"
    if right > 0.8 * pairs:
        return Finding("liked look first", "ok", detail)
    if right > 0.5 * pairs:
        return Finding("liked look first", "note", detail, "a larger model ranks better")
    return Finding(
        "liked look first", "wrong", detail,
        "the scores do not follow the profile: use a larger model, or train this one on feedback",
    )  # fmt: skip


async def _pairs_right(model: Model, taste: Taste) -> float:
    """Pairs with the liked look first; a tie counts one half."""
    liked = [ScoringInput(taste, blocky(n)) for n in range(10, 10 + NEW_IMAGES)]
    disliked = [ScoringInput(taste, blurred(n)) for n in range(10, 10 + NEW_IMAGES)]
    totals = [scores.total for scores in await model.score([*liked, *disliked])]
    better, worse = totals[:NEW_IMAGES], totals[NEW_IMAGES:]
    return sum((a > b) + 0.5 * (a == b) for a in better for b in worse)


def _words(description: Description, element: Element) -> set[str]:
    words: Sequence[str] = description.words.get(element, ())
    return set(words)


def _text(words: set[str]) -> str:
    return "/".join(sorted(words)) or "without a word"
