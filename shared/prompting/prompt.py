"""Build every prompt: predict a taste, describe an image, score, explain, compare a pair.

The one place where a model is spoken to. Serving, training data, rewards and evaluation all build
their prompts here and read the answers with `shared.prompting.parser`, so they cannot drift apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.prompting.pair_template import PairTemplate

PROMPT_VERSION: Final = "2"
"""Changes whenever a byte of any prompt or answer format does; models carry theirs."""

WORDS_SHOWN = 2
"""Words of one element and side that a prompt names: the strongest two (multi-preference users)."""

UNKNOWN: Final = "any"
"""What stands for an element about which nothing is known."""

PREDICT_TASK: Final = (
    "Name this person's taste: for each visual element one or two words that the liked images"
    " share, then one or two that the disliked images share, or any where nothing is clear."
)
DESCRIBE_TASK: Final = (
    "Describe this image: one word for each visual element, or any where it cannot be told."
)
SCORE_TASK: Final = (
    "Score the candidate against this taste on each visual element from 0 to 5:"
    " 5 is liked, 0 is disliked, 2 is neither."
)
EXPLAIN_TASK: Final = (
    "Score the candidate against this taste on each visual element from 0 to 5:"
    " 5 is liked, 0 is disliked, 2 is neither. Give a short reason for each."
)
LIKED: Final = "Liked images:"
DISLIKED: Final = "Disliked images:"
CANDIDATE: Final = "Candidate:"
TASKS: Final = (PREDICT_TASK, DESCRIBE_TASK, SCORE_TASK, EXPLAIN_TASK)

SpokenTaste = Mapping[Element, Sequence[str]]
"""Plain words of one side, element by element; a missing or empty element is unknown."""
Seen = tuple[str, int]
"""What an image shows of an element, and the digit for it."""


@dataclass(frozen=True)
class Part:
    """One piece of a user message: some text, or the place of the next image."""

    kind: Literal["text", "image"]
    text: str = ""


@dataclass(frozen=True)
class Prompt:
    """A user message and the beginning of the answer that is forced on the model."""

    parts: tuple[Part, ...]
    answer_prefix: str
    system: str = ""
    """What stands before the user message; only a template of a user's own has one."""

    @property
    def image_count(self) -> int:
        return sum(part.kind == "image" for part in self.parts)

    def messages(self) -> list[dict[str, object]]:
        """The messages in the layout of Hugging Face chat templates."""
        content = [
            {"type": "image"} if part.kind == "image" else {"type": "text", "text": part.text}
            for part in self.parts
        ]
        first = [{"type": "text", "text": self.system}]
        system: list[dict[str, object]] = [{"role": "system", "content": first}]
        return [*(system if self.system else []), {"role": "user", "content": content}]


PAIR_TEMPLATE: Final = PairTemplate(
    f"{LIKED}{{liked}}\n{DISLIKED}{{disliked}}\nImage A:{{image_a}}\nImage B:{{image_b}}\n"
    "Name this person's taste, name what each image shows and score it against the taste on each"
    " visual element from 0 to 5 (5 is liked, 0 is disliked, 2 is neither), and choose the image"
    " with the higher total. Answer in five lines, with your words and digits:\n"
    "Likes art style: a word; color: a word; medium: a word; saturation: a word; detail: a word.\n"
    "Dislikes, in the same way.\n"
    "A art style: a word 0; color: a word 0; medium: a word 0; saturation: a word 0;"
    " detail: a word 0.\n"
    "B, in the same way.\n"
    "<answer>Image A</answer> or <answer>Image B</answer>"
)
"""Not of `PROMPT_VERSION`: no service asks it, evaluation does, and a user may bring another."""

_IMAGE: Final = Part("image")


def shown_words(side: TasteSide) -> dict[Element, tuple[str, ...]]:
    """The words of a taste side that a prompt shows: the strongest `WORDS_SHOWN` per element."""
    return {element: tuple(w.word for w in words[:WORDS_SHOWN]) for element, words in side.items()}


def element_line(words: SpokenTaste) -> str:
    """Five elements in words: ` art style: cubism or mosaic; color: any; ...; detail: plain.`"""
    named = (f" {e.label}: {' or '.join(words.get(e) or (UNKNOWN,))}" for e in ELEMENTS)
    return ";".join(named) + "."


def taste_lines(likes: SpokenTaste, dislikes: SpokenTaste) -> str:
    """Both sides of a taste in words: `Likes ...` and `Dislikes ...`, each on a line."""
    return f"Likes{element_line(likes)}\nDislikes{element_line(dislikes)}"


def description_line(words: SpokenTaste) -> str:
    """An image in words: `Shows art style: cubism; ...`."""
    return f"Shows{element_line(words)}"


def score_line(digits: Mapping[Element, int], reasons: Mapping[Element, str] | None = None) -> str:
    """`Scores art style: 5; ...`, with reasons `Scores art style: 5 (cubism is liked); ...`."""
    reason = {e: f" ({reasons[e]})" if reasons else "" for e in ELEMENTS}
    return "Scores" + ";".join(f" {e.label}: {digits[e]}{reason[e]}" for e in ELEMENTS) + "."


def comparison_lines(
    likes: SpokenTaste,
    dislikes: SpokenTaste,
    *,
    a: Mapping[Element, Seen],
    b: Mapping[Element, Seen],
    choice: Literal["A", "B"],
) -> str:
    """The answer that `PAIR_TEMPLATE` asks for: a taste, what both images show, the choice.

    A digit follows the word that it judges: a small model that has just named what it sees has two
    words to compare, and no image.
    """
    scored = (
        f"{label}{';'.join(f' {e.label}: {seen[e][0]} {seen[e][1]}' for e in ELEMENTS)}."
        for label, seen in (("A", a), ("B", b))
    )
    return "\n".join([taste_lines(likes, dislikes), *scored, answer_line(choice)])


def answer_line(choice: Literal["A", "B"]) -> str:
    """How a comparison ends."""
    return f"<answer>Image {choice}</answer>"


def predict(*, liked: int, disliked: int) -> Prompt:
    """Ask for the taste behind `liked` and `disliked` reference images, in that order."""
    parts = (
        Part("text", LIKED),
        *[_IMAGE] * liked,
        Part("text", f"\n{DISLIKED}"),
        *[_IMAGE] * disliked,
        Part("text", f"\n{PREDICT_TASK}"),
    )
    return Prompt(parts, answer_prefix="Likes")


def describe() -> Prompt:
    """Ask for one image's five words, whoever looks at it."""
    return Prompt((_IMAGE, Part("text", f"\n{DESCRIBE_TASK}")), answer_prefix="Shows")


def score(likes: SpokenTaste, dislikes: SpokenTaste) -> Prompt:
    """Ask for one candidate's five scores against a taste in words."""
    return Prompt(_candidate(likes, dislikes, task=SCORE_TASK), answer_prefix="Scores")


def explain(likes: SpokenTaste, dislikes: SpokenTaste) -> Prompt:
    """Ask for one candidate's five scores against a taste in words, each with its reason."""
    return Prompt(_candidate(likes, dislikes, task=EXPLAIN_TASK), answer_prefix="Scores")


def pair(*, liked: int, disliked: int, template: PairTemplate = PAIR_TEMPLATE) -> Prompt:
    """Ask which of two candidates a person prefers, from `liked` and `disliked` references.

    The images come in that order, then Image A and Image B; the answer is not begun for the model.
    """
    images = {"liked": liked, "disliked": disliked, "image_a": 1, "image_b": 1}
    parts: list[Part] = []
    for piece, stands_for_images in template.pieces():
        parts += [_IMAGE] * images[piece] if stands_for_images else [Part("text", piece)]
    return Prompt(tuple(parts), answer_prefix="", system=template.system)


def score_for(taste: Taste) -> Prompt:
    return score(shown_words(taste.preference), shown_words(taste.non_preference))


def explain_for(taste: Taste) -> Prompt:
    return explain(shown_words(taste.preference), shown_words(taste.non_preference))


def _candidate(likes: SpokenTaste, dislikes: SpokenTaste, *, task: str) -> tuple[Part, ...]:
    # The taste stands before the image: one prefix serves every candidate of a slate, and a small
    # model reads the image knowing what to look for (.85 against .74 of the digits right).
    return (
        Part("text", f"{taste_lines(likes, dislikes)}\n{CANDIDATE}"),
        _IMAGE,
        Part("text", f"\n{task}"),
    )
