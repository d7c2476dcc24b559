"""Build an example from a line of a file, in the prompt style of the trained model.

A line holds the values of its answer ("taste", "words", "digits", "rationales"), which the style
writes, or an "answer" in the compact layout. For another style the values of such an answer are
parsed; an answer that is already in the layout of the trained style stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from shared.domain.taste import Element, Taste
from shared.prompting import parser, prompt
from shared.prompting.prompt import SideWords
from shared.prompting.styles.protocol import PromptStyle, Task
from shared.prompting.styles.registry import COMPACT
from training.finetuning.data.cases import Example
from training.finetuning.data.styled_examples import example, taste_of
from training.rewards.prediction import Sides

Line = Mapping[str, Any]
Digits = Mapping[Element, int]


@dataclass(frozen=True)
class _Scored:
    """The digits of a candidate, and a rationale for each in an explanation."""

    digits: Digits
    rationales: Mapping[Element, str]


def example_of(line: Line, images: Sequence[Image], style: PromptStyle) -> Example:
    """The example of a line with its images; raises `KeyError` and `ValueError`."""
    own = _own_answer(line, style)
    match line["ask"]:
        case "predict":
            task = style.predict(liked=int(line["liked"]), disliked=int(line["disliked"]))
            answer = own if own is not None else _taste_answer(line, style)
        case "describe":
            task = style.describe()
            answer = own if own is not None else style.description_answer(_words(line))
        case "score":
            taste = taste_of(Sides.read(line["profile"]))
            task = style.score(taste)
            answer = own if own is not None else style.score_answer(taste, _scored(line).digits)
        case "explain":
            taste = taste_of(Sides.read(line["profile"]))
            task, answer = _explanation(line, taste, style, own)
        case "compare":
            task, answer = _comparison(line, style), str(line["answer"])
        case other:
            raise ValueError(
                f'"ask" is {other!r}; expected predict, describe, score, explain or compare'
            )
    return example(task, answer, images)


def _own_answer(line: Line, style: PromptStyle) -> str | None:
    """The answer of a line that is in the layout of this style, as it is."""
    answer = line.get("answer")
    if answer is None:
        return None
    answer = str(answer)
    if style.name == COMPACT.name:
        return answer
    match line["ask"]:
        case "predict":
            is_own = style.taste_layout(answer) == 1
        case "score":
            is_own = style.score_layout(answer, explained=False) == 1
        case "explain":
            # The prompt needs the digits, which such an answer does not have.
            is_own = not style.explains_given_digits and (
                style.score_layout(answer, explained=True) == 1
            )
        case _:
            is_own = False
    return answer if is_own else None


def _taste_answer(line: Line, style: PromptStyle) -> str:
    if "taste" in line:
        sides = Sides.read(line["taste"])
        return style.taste_answer(sides.likes, sides.dislikes)
    parsed = parser.parse_taste(str(line["answer"]))
    _refuse(parsed.problems)
    return style.taste_answer(parsed.preference, parsed.non_preference)


def _words(line: Line) -> SideWords:
    if "words" in line:
        return {Element(name): tuple(words) for name, words in line["words"].items()}
    parsed = parser.parse_description(str(line["answer"]))
    _refuse(parsed.problems)
    return parsed.words


def _scored(line: Line) -> _Scored:
    if "digits" in line:
        return _Scored(
            {element: _digit(line["digits"][element.value]) for element in Element},
            {Element(name): str(text) for name, text in line.get("rationales", {}).items()},
        )
    parsed = parser.parse_scores(str(line["answer"]))
    _refuse(parsed.problems)
    return _Scored(parsed.digits, parsed.rationales)


def _explanation(line: Line, taste: Taste, style: PromptStyle, own: str | None) -> tuple[Task, str]:
    if own is not None:
        digits = dict.fromkeys(Element, 0)  # the prompt names none
        return style.explain(taste, digits), own
    scored = _scored(line)
    missing = [element.label for element in Element if element not in scored.rationales]
    _refuse([f"no rationale for {label}" for label in missing])
    return (
        style.explain(taste, scored.digits),
        style.rationale_answer(taste, scored.digits, scored.rationales),
    )


def _comparison(line: Line, style: PromptStyle) -> Task:
    question = prompt.pair(
        liked=int(line["liked"]), disliked=int(line["disliked"]), template=style.pair_template
    )
    return Task(question, max_tokens=0)


def _digit(value: Any) -> int:
    if value not in range(6):
        raise ValueError(f'"digits" has {value!r}; expected 0 to 5')
    return int(value)


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise ValueError(f"the answer cannot be parsed: {problems[0]}")
