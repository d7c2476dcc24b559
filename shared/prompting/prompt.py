"""Build every prompt: predict a taste, describe an image, score, explain, compare a pair.

Serving, training data, rewards and evaluation build their prompts here and parse the answers with
`shared.prompting.parser`, so training and serving always use the same format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.prompting.pair_template import PairTemplate

PROMPT_VERSION: Final = "2"
"""Changes with every byte of a prompt or answer format; a model's manifest names its version."""

WORDS_SHOWN = 2
"""Words of one element and side in a prompt: the strongest two, for users with several tastes."""

UNKNOWN: Final = "any"
"""The word for an element that is unknown."""

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

SideWords = Mapping[Element, Sequence[str]]
"""The words of one side by element; a missing or empty element is unknown."""
ScoredWord = tuple[str, int]
"""The word that an image shows for an element, and its score 0-5."""


@dataclass(frozen=True)
class Part:
    """One part of a user message: a text, or the place of the next image."""

    kind: Literal["text", "image"]
    text: str = ""


@dataclass(frozen=True)
class Prompt:
    """A user message and the forced prefix of the model's answer."""

    parts: tuple[Part, ...]
    answer_prefix: str
    system: str = ""
    """The system message; only a user's own pair template has one."""

    @property
    def image_count(self) -> int:
        return sum(part.kind == "image" for part in self.parts)

    def messages(self) -> list[dict[str, object]]:
        """The messages in the format of Hugging Face chat templates."""
        content = [
            {"type": "image"} if part.kind == "image" else {"type": "text", "text": part.text}
            for part in self.parts
        ]
        text = [{"type": "text", "text": self.system}]
        system: list[dict[str, object]] = [{"role": "system", "content": text}]
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
"""Not part of `PROMPT_VERSION`: only evaluations use it, and a user may pass another template."""

_IMAGE: Final = Part("image")


def shown_words(side: TasteSide) -> dict[Element, tuple[str, ...]]:
    """The words of one side that a prompt shows: the strongest `WORDS_SHOWN` per element."""
    return {element: tuple(w.word for w in words[:WORDS_SHOWN]) for element, words in side.items()}


def element_line(words: SideWords) -> str:
    """The five elements as text: ` art style: cubism or mosaic; color: any; ...; detail: plain.`"""
    named = (f" {e.label}: {' or '.join(words.get(e) or (UNKNOWN,))}" for e in ELEMENTS)
    return ";".join(named) + "."


def taste_lines(likes: SideWords, dislikes: SideWords) -> str:
    """Both sides of a taste as two lines: `Likes ...` and `Dislikes ...`."""
    return f"Likes{element_line(likes)}\nDislikes{element_line(dislikes)}"


def description_line(words: SideWords) -> str:
    """A description of an image: `Shows art style: cubism; ...`."""
    return f"Shows{element_line(words)}"


def score_line(
    digits: Mapping[Element, int], rationales: Mapping[Element, str] | None = None
) -> str:
    """`Scores art style: 5; ...`, with rationales `Scores art style: 5 (cubism is liked); ...`."""
    after = {e: f" ({rationales[e]})" if rationales else "" for e in ELEMENTS}
    return "Scores" + ";".join(f" {e.label}: {digits[e]}{after[e]}" for e in ELEMENTS) + "."


def comparison_lines(
    likes: SideWords,
    dislikes: SideWords,
    *,
    a: Mapping[Element, ScoredWord],
    b: Mapping[Element, ScoredWord],
    choice: Literal["A", "B"],
) -> str:
    """The answer to `PAIR_TEMPLATE`: a taste, the scored words of both images, the choice.

    Each score follows the word that it belongs to, so that a small model compares two words and
    need not read the image again.
    """
    scored = (
        f"{label}{';'.join(f' {e.label}: {seen[e][0]} {seen[e][1]}' for e in ELEMENTS)}."
        for label, seen in (("A", a), ("B", b))
    )
    return "\n".join([taste_lines(likes, dislikes), *scored, answer_line(choice)])


def answer_line(choice: Literal["A", "B"]) -> str:
    """The last line of a comparison."""
    return f"<answer>Image {choice}</answer>"


def predict(*, liked: int, disliked: int) -> Prompt:
    """The prompt for a taste from `liked`, then `disliked` reference images (their numbers)."""
    parts = (
        Part("text", LIKED),
        *[_IMAGE] * liked,
        Part("text", f"\n{DISLIKED}"),
        *[_IMAGE] * disliked,
        Part("text", f"\n{PREDICT_TASK}"),
    )
    return Prompt(parts, answer_prefix="Likes")


def describe() -> Prompt:
    """The prompt for an image's description, one word per element, for all users."""
    return Prompt((_IMAGE, Part("text", f"\n{DESCRIBE_TASK}")), answer_prefix="Shows")


def score(likes: SideWords, dislikes: SideWords) -> Prompt:
    """The prompt for one candidate's five scores, given a taste in words."""
    return Prompt(_candidate(likes, dislikes, task=SCORE_TASK), answer_prefix="Scores")


def explain(likes: SideWords, dislikes: SideWords) -> Prompt:
    """The prompt for one candidate's five scores, each with its rationale."""
    return Prompt(_candidate(likes, dislikes, task=EXPLAIN_TASK), answer_prefix="Scores")


def pair(*, liked: int, disliked: int, template: PairTemplate = PAIR_TEMPLATE) -> Prompt:
    """The prompt for a choice between two candidates, given numbers of reference images.

    The liked references come first, then the disliked ones, Image A and Image B. The answer has no
    forced prefix.
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


def _candidate(likes: SideWords, dislikes: SideWords, *, task: str) -> tuple[Part, ...]:
    # The taste comes before the image: all candidates of a slate share one prefix, and a small
    # model knows the taste when it reads the image (85 % of its scores are right, otherwise 74 %).
    return (
        Part("text", f"{taste_lines(likes, dislikes)}\n{CANDIDATE}"),
        _IMAGE,
        Part("text", f"\n{task}"),
    )
