"""Read the comparison of two candidates: profiles, scores of both, and which one was chosen.

Reads our own layout and the one that PreferThinker checkpoints write (profiles between marks, then
`<think>` with `Image A(2) - why; Image B(5) - why` under each element, then `<answer>`). Sums that
the answer states are not believed: totals are recomputed from the element scores.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser.elements import COLON, NAMES, in_another_script, read_side

Label = Literal["A", "B"]
LABELS: Final[tuple[Label, Label]] = ("A", "B")
_LINE_BEGINS: Final = r"^[ \t\d.)*#\"'>-]*"
"""A line up to its first word: numbering, emphasis and quotes."""
Digits = Mapping[Label, Mapping[Element, int]]


class Failure(StrEnum):
    """What is wrong with the format of an answer; counted, never guessed around."""

    EMPTY = "empty_answer"
    CUT_OFF = "cut_off"
    NO_ANSWER = "no_answer"
    """It nowhere says `<answer>...</answer>`."""
    UNCLEAR_ANSWER = "unclear_answer"
    """The last `<answer>` names neither Image A nor Image B, or both."""
    NO_PROFILE = "no_profile"
    """The words of an element are missing, on either side."""
    OTHER_LANGUAGE = "other_language"
    """The profiles, or the whole answer, are in another script than the prompt's."""
    NO_SCORES = "no_scores"
    """The score of an element is missing, for either candidate."""
    OUT_OF_RANGE = "score_out_of_range"
    """A score is not one of the digits 0 to 5."""


@dataclass(frozen=True)
class ComparisonRead:
    """One answer as read; what could not be read is left out and named in `failures`."""

    choice: Label | None
    likes: Mapping[Element, tuple[str, ...]]
    dislikes: Mapping[Element, tuple[str, ...]]
    digits: Digits
    failures: tuple[Failure, ...] = ()

    def total(self, label: Label) -> int | None:
        """0-25, summed anew; None where a score is missing."""
        scores = self.digits[label]
        return sum(scores.values()) if len(scores) == len(ELEMENTS) else None

    @property
    def agrees_with_totals(self) -> bool | None:
        """Whether the choice has the higher total; None where a total is unknown or both equal."""
        totals = {label: self.total(label) for label in LABELS}
        a, b = totals["A"], totals["B"]
        if self.choice is None or a is None or b is None or a == b:
            return None
        return (a > b) == (self.choice == "A")


def read_comparison(answer: str, *, finished: bool = True) -> ComparisonRead:
    """Read one answer; `finished` is False where the model was stopped before it had ended."""
    if not answer.strip():
        return ComparisonRead(None, {}, {}, {"A": {}, "B": {}}, (Failure.EMPTY,))
    choice, wrong = _choice(answer)
    failures = list(wrong)
    likes_text, dislikes_text = _profiles(answer)
    likes, dislikes = read_side(likes_text, side="likes"), read_side(dislikes_text, side="dislikes")
    digits, out_of_range = _scores(_reasoning(answer))
    if likes.problems or dislikes.problems:
        failures.append(Failure.NO_PROFILE)
    words = [" ".join(w for ws in side.words.values() for w in ws) for side in (likes, dislikes)]
    if any(map(in_another_script, (answer, likes_text, dislikes_text, *words))):
        failures = [*(f for f in failures if f != Failure.NO_PROFILE), Failure.OTHER_LANGUAGE]
    if out_of_range:
        failures.append(Failure.OUT_OF_RANGE)
    elif any(len(scores) < len(ELEMENTS) for scores in digits.values()):
        failures.append(Failure.NO_SCORES)
    if not finished or _breaks_off(answer):
        # What is missing is missing because the end is.
        told_anyway = (Failure.OUT_OF_RANGE, Failure.OTHER_LANGUAGE, Failure.UNCLEAR_ANSWER)
        failures = [Failure.CUT_OFF, *(f for f in failures if f in told_anyway)]
    return ComparisonRead(choice, likes.words, dislikes.words, digits, tuple(failures))


def _choice(answer: str) -> tuple[Label | None, tuple[Failure, ...]]:
    """What the last `<answer>` says."""
    said = re.findall(r"<answer>(.*?)</answer>", answer, re.DOTALL | re.IGNORECASE)
    if not said:
        return None, (Failure.NO_ANSWER,)
    last = said[-1]
    whole = re.fullmatch(r"[\W_]*(?:image[\s_]*)?([AB])[\W_]*", last, re.IGNORECASE)
    named = {whole[1]} if whole else set(re.findall(r"\bimage[\s_]*([AB])\b", last, re.IGNORECASE))
    labels = {name.upper() for name in named}
    chosen: list[Label] = [label for label in LABELS if labels == {label}]
    return (chosen[0], ()) if chosen else (None, (Failure.UNCLEAR_ANSWER,))


def _breaks_off(answer: str) -> bool:
    """Whether a mark was opened and not closed after it."""
    text = answer.lower()
    return any(text.rfind(f"<{mark}>") > text.rfind(f"</{mark}>") for mark in ("think", "answer"))


def _profiles(answer: str) -> tuple[str, str]:
    """The texts of the preference and the non-preference profile; empty where there is none."""
    before = re.split(rf"(?i:<think>)|{_LINE_BEGINS}(?:Image )?A[ (:]", answer, flags=re.MULTILINE)[
        0
    ]
    negated = r"non[\s_-]*pref\w*[\s_-]*profile|\bdislikes\b"
    affirmed = r"(?<!non-)(?<!non )(?<!non_)(?<!non)pref\w*[\s_-]*profile|\blikes\b"
    # A closing mark (`</visual preference profile>`) opens nothing.
    found = [
        (match.start(), match.end(), side)
        for side, pattern in (("likes", affirmed), ("dislikes", negated))
        for match in re.finditer(pattern, before, re.IGNORECASE)
        if not re.search(r"</[^<>]*$", before[max(0, match.start() - 20) : match.start()])
    ]
    texts = {"likes": "", "dislikes": ""}
    for start, end, side in found:
        nexts = [s for s, _, other in found if s > start and other != side]
        text = before[end : min(nexts, default=len(before))]
        # The last one counts, as for the answer; a mention without any word does not.
        texts[side] = text if text.strip(" <>/\n\t:") else texts[side]
    return texts["likes"], texts["dislikes"]


def _reasoning(answer: str) -> str:
    """Where the scores are: between the last `<think>` marks, else everywhere but in the answer."""
    thought = re.split(r"<think>", answer, flags=re.IGNORECASE)
    body = thought[-1] if len(thought) > 1 else answer
    return re.split(r"</think>|<answer>", body, maxsplit=1, flags=re.IGNORECASE)[0]


def _scores(text: str) -> tuple[Digits, bool]:
    """The digits of both candidates, and whether any number was none of 0 to 5."""
    readings = [dict(_under_elements(text)), dict(_under_images(text))]
    best = max(readings, key=len)
    digits: dict[Label, dict[Element, int]] = {"A": {}, "B": {}}
    for (label, element), number in best.items():
        if number in {"0", "1", "2", "3", "4", "5"}:
            digits[label][element] = int(number)
    return digits, sum(map(len, digits.values())) < len(best)


Place = tuple[Label, Element]
_NUMBER: Final = r"(-?\d+(?:\.\d+)?(?:\s*/\s*\d+)?)"

_WORDS_SEEN: Final = r"[^\W\d]+(?:[ -][^\W\d]+)? (?=-?\d+(?:\.\d+)?(?:[;.\s]|$))"
"""One word or two of what an image shows, with nothing but a number after them."""


def _under_elements(text: str) -> Iterator[tuple[Place, str]]:
    """`1. Color:` and below it `Image A(2) - why; Image B(5) - why`."""
    heading = "|".join(rf"(?P<{e.value}>{NAMES[e]})" for e in ELEMENTS)
    begins = rf"(?:{_LINE_BEGINS}|\d[.)] ?)(?:{heading})(?![ \t]*\w)"
    headings = list(re.finditer(begins, text, re.IGNORECASE | re.MULTILINE))
    ends = [match.start() for match in headings[1:]] + [len(text)]
    for match, end in zip(headings, ends, strict=False):
        element = Element(match.lastgroup or "")
        below = text[match.end() : end]
        for label in LABELS:
            opened = r"[\"'*_\s]*(?:[(\[]\s*|[:=]\s*[(\[]?\s*|[-:]?\s*[Ss]core\W*)"
            closed = r"(?=[\"'*\s]*(?:[)\];,.|-]|$))"
            found = re.search(rf"\b{label}{opened}{_NUMBER}{closed}", below, re.MULTILINE)
            if found:
                yield (label, element), _out_of_five(found[1])


def _under_images(text: str) -> Iterator[tuple[Place, str]]:
    """`A art style: 5; color: red 4; ...`, or the same on lines of their own below `Image A`."""
    begins = rf"{_LINE_BEGINS}(?:Image[ _]?)?([AB])\b(?! ?\()"
    starts = list(re.finditer(begins, text, re.MULTILINE))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    for match, end in zip(starts, ends, strict=False):
        label: Label = "A" if match[1] == "A" else "B"
        for element in ELEMENTS:
            named = rf"\b{NAMES[element]}{COLON}\s*(?:\(?|{_WORDS_SEEN}){_NUMBER}"
            if found := re.search(named, text[match.end() : end], re.IGNORECASE):
                yield (label, element), _out_of_five(found[1])


def _out_of_five(number: str) -> str:
    """`4/5` is 4; out of anything else it stays what it is, which is no digit."""
    return re.sub(r"\s*/\s*5$", "", number)
