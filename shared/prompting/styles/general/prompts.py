"""Write the prompts of the general style: what is asked, what each element means, the layout."""

from collections.abc import Mapping
from typing import Final

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.prompting.prompt import Part, Prompt, shown_words
from shared.prompting.styles.general.guide import SUBJECT, element_guide
from shared.prompting.styles.general.schema import DISLIKES, ELEMENT_KEYS, LIKES

VERSION: Final = "1"
"""Changes with every byte of a prompt or answer layout of this style."""
_IMAGE: Final = Part("image")
_NOTHING_CLEAR: Final = "nothing clear"

_WORD_RULES: Final = (
    "Write one or two short English words or phrases for each element, the most important one"
    " first. Write an empty list where"
)
_LISTS: Final = ", ".join(f'"{key}": [...]' for key in (*ELEMENT_KEYS, SUBJECT))
_SENTENCES: Final = ", ".join(f'"{key}": "..."' for key in ELEMENT_KEYS)
_SCALE: Final = (
    "0 means that the person dislikes it, 5 that the person likes it, and 2 that it is neither"
    " liked nor disliked or that nothing is known."
)


def predict(*, liked: int, disliked: int) -> Prompt:
    """The prompt for a taste from numbers of liked and disliked images."""
    disliked_start = (
        "\nThe same person dislikes these images:\n"
        if liked
        else "One person dislikes these images:\n"
    )
    parts = [
        *([Part("text", "One person likes these images:\n")] if liked else []),
        *[_IMAGE] * liked,
        *([Part("text", disliked_start)] if disliked else []),
        *[_IMAGE] * disliked,
        Part(
            "text",
            "\nDescribe this person's visual taste. For each element, compare both groups: name"
            " what the liked images share and the disliked ones do not, then what the disliked"
            f" images share and the liked ones do not.\n\n{element_guide(with_subject=True)}\n\n"
            f"{_WORD_RULES} the images show no clear preference. Answer with JSON alone, in this"
            f' layout:\n{{"{LIKES}": {{{_LISTS}}}, "{DISLIKES}": {{{_LISTS}}}}}',
        ),
    ]
    return Prompt(tuple(parts), answer_prefix="")


def describe() -> Prompt:
    """The prompt for an image's description."""
    text = (
        f"\nDescribe this image by these elements.\n\n{element_guide(with_subject=True)}\n\n"
        f"{_WORD_RULES} the image does not show the element. Answer with JSON alone, in this"
        f" layout:\n{{{_LISTS}}}"
    )
    return Prompt((_IMAGE, Part("text", text)), answer_prefix="")


def score(taste: Taste) -> Prompt:
    """The prompt for five digits of one candidate."""
    names = ", ".join(element.label for element in ELEMENTS)
    text = (
        "\nHow much does this person like the image in each element? Give one digit from 0 to 5 for"
        f" each. {_SCALE}\n\n{element_guide(with_subject=False)}\n\n"
        f"Answer with five digits and nothing else, without spaces, in this order: {names}. An"
        " answer looks like this: 42035"
    )
    return Prompt((Part("text", _taste_text(taste)), _IMAGE, Part("text", text)), answer_prefix="")


def explain(taste: Taste, digits: Mapping[Element, int]) -> Prompt:
    """The prompt for a rationale of each digit, which it states."""
    scores = ", ".join(f"{element.value} {digits[element]}" for element in ELEMENTS)
    text = (
        "\nThis image was scored against the taste, each element from 0 to 5."
        f" {_SCALE}\nThe scores: {scores}.\n\n{element_guide(with_subject=False)}\n\n"
        "Write one or two short English sentences for each element: what this image shows, and why"
        " that fits the taste or does not, in agreement with its score. Answer with JSON alone, in"
        f" this layout:\n{{{_SENTENCES}}}"
    )
    return Prompt((Part("text", _taste_text(taste)), _IMAGE, Part("text", text)), answer_prefix="")


def _taste_text(taste: Taste) -> str:
    # The taste comes before the image: all candidates of a slate share one prefix.
    return (
        "The visual taste of one person.\n"
        f"The person likes: {_words(taste.preference)}\n"
        f"The person dislikes: {_words(taste.non_preference)}\n"
        "An image:\n"
    )


def _words(side: TasteSide) -> str:
    words = shown_words(side)
    return "; ".join(
        f"{element.label}: {' or '.join(words[element]) or _NOTHING_CLEAR}" for element in ELEMENTS
    )
