"""Parse the comparison of two candidates: the profile, the scores of both, and the choice.

The parser accepts our own layout and that of PreferThinker checkpoints (profiles between tags, then
`<think>` with `Image A(2) - why; Image B(5) - why` under each element, then `<answer>`). Sums in
the answer are ignored: totals are recomputed from the element scores.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.parser.elements import COLON, NAMES, in_another_script, parse_side

Label = Literal["A", "B"]
LABELS: Final[tuple[Label, Label]] = ("A", "B")
_LINE_START: Final = r"^[ \t\d.)*#\"'>-]*"
"""The start of a line up to its first word: numbering, emphasis and quotes."""
Digits = Mapping[Label, Mapping[Element, int]]


class FormatFailure(StrEnum):
    """A format failure of an answer; evaluations count them."""

    EMPTY = "empty_answer"
    CUT_OFF = "cut_off"
    NO_ANSWER = "no_answer"
    """The answer has no `<answer>...</answer>`."""
    UNCLEAR_ANSWER = "unclear_answer"
    """The last `<answer>` names neither Image A nor Image B, or both."""
    NO_PROFILE = "no_profile"
    """The words of an element are missing, on either side."""
    OTHER_LANGUAGE = "other_language"
    """The profiles or the whole answer are not in Latin script."""
    NO_SCORES = "no_scores"
    """The score of an element is missing, for either candidate."""
    OUT_OF_RANGE = "score_out_of_range"
    """A score is none of the digits 0 to 5."""


@dataclass(frozen=True)
class ParsedComparison:
    """One parsed answer; parts that could not be parsed are left out and named in `failures`."""

    choice: Label | None
    preference: Mapping[Element, tuple[str, ...]]
    non_preference: Mapping[Element, tuple[str, ...]]
    digits: Digits
    failures: tuple[FormatFailure, ...] = ()

    def total(self, label: Label) -> int | None:
        """The recomputed total, 0-25; None where a score is missing."""
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


def parse_comparison(answer: str, *, finished: bool = True) -> ParsedComparison:
    """Parse one answer; `finished` is False when the model was stopped at its token limit."""
    if not answer.strip():
        return ParsedComparison(None, {}, {}, {"A": {}, "B": {}}, (FormatFailure.EMPTY,))
    choice, wrong = _choice(answer)
    failures = list(wrong)
    likes_text, dislikes_text = _profiles(answer)
    likes, dislikes = (
        parse_side(likes_text, side="likes"),
        parse_side(dislikes_text, side="dislikes"),
    )
    digits, out_of_range = _scores(reasoning(answer))
    if likes.problems or dislikes.problems:
        failures.append(FormatFailure.NO_PROFILE)
    words = [" ".join(w for ws in side.words.values() for w in ws) for side in (likes, dislikes)]
    if any(map(in_another_script, (answer, likes_text, dislikes_text, *words))):
        failures = [
            *(f for f in failures if f != FormatFailure.NO_PROFILE),
            FormatFailure.OTHER_LANGUAGE,
        ]
    if out_of_range:
        failures.append(FormatFailure.OUT_OF_RANGE)
    elif any(len(scores) < len(ELEMENTS) for scores in digits.values()):
        failures.append(FormatFailure.NO_SCORES)
    if not finished or _is_cut_off(answer):
        # Missing parts follow from the missing end; only failures of present parts count as well.
        of_present_parts = (
            FormatFailure.OUT_OF_RANGE,
            FormatFailure.OTHER_LANGUAGE,
            FormatFailure.UNCLEAR_ANSWER,
        )
        failures = [FormatFailure.CUT_OFF, *(f for f in failures if f in of_present_parts)]
    return ParsedComparison(choice, likes.words, dislikes.words, digits, tuple(failures))


def parse_profiles(answer: str) -> ParsedTaste:
    """Only the profiles of a comparison: `<visual preference profile>` and its counterpart."""
    likes_text, dislikes_text = _profiles(answer)
    likes = parse_side(likes_text, side="likes")
    dislikes = parse_side(dislikes_text, side="dislikes")
    return ParsedTaste(likes.words, dislikes.words, likes.problems + dislikes.problems)


def parse_points(answer: str) -> Digits:
    """Only the scores of a comparison; a score outside 0 to 5 is left out."""
    return _scores(reasoning(answer))[0]


def _choice(answer: str) -> tuple[Label | None, tuple[FormatFailure, ...]]:
    """The choice in the last `<answer>`."""
    answers = re.findall(r"<answer>(.*?)</answer>", answer, re.DOTALL | re.IGNORECASE)
    if not answers:
        return None, (FormatFailure.NO_ANSWER,)
    last = answers[-1]
    whole = re.fullmatch(r"[\W_]*(?:image[\s_]*)?([AB])[\W_]*", last, re.IGNORECASE)
    named = {whole[1]} if whole else set(re.findall(r"\bimage[\s_]*([AB])\b", last, re.IGNORECASE))
    labels = {name.upper() for name in named}
    chosen: list[Label] = [label for label in LABELS if labels == {label}]
    return (chosen[0], ()) if chosen else (None, (FormatFailure.UNCLEAR_ANSWER,))


def _is_cut_off(answer: str) -> bool:
    """Whether the last `<think>` or `<answer>` tag has no closing tag."""
    text = answer.lower()
    return any(text.rfind(f"<{tag}>") > text.rfind(f"</{tag}>") for tag in ("think", "answer"))


def _profiles(answer: str) -> tuple[str, str]:
    """The texts of the preference and the non-preference profile; empty where there is none."""
    before = re.split(rf"(?i:<think>)|{_LINE_START}(?:Image )?A[ (:]", answer, flags=re.MULTILINE)[
        0
    ]
    negated = r"non[\s_-]*pref\w*[\s_-]*profile|\bdislikes\b"
    affirmed = r"(?<!non-)(?<!non )(?<!non_)(?<!non)pref\w*[\s_-]*profile|\blikes\b"
    # A closing tag (`</visual preference profile>`) does not start a profile.
    headings = [
        (match.start(), match.end(), side)
        for side, pattern in (("likes", affirmed), ("dislikes", negated))
        for match in re.finditer(pattern, before, re.IGNORECASE)
        if not re.search(r"</[^<>]*$", before[max(0, match.start() - 20) : match.start()])
    ]
    texts = {"likes": "", "dislikes": ""}
    for start, end, side in headings:
        next_starts = [s for s, _, other in headings if s > start and other != side]
        text = before[end : min(next_starts, default=len(before))]
        # The last profile counts, as the last answer does; a heading without words is ignored.
        texts[side] = text if text.strip(" <>/\n\t:") else texts[side]
    return texts["likes"], texts["dislikes"]


def reasoning(answer: str) -> str:
    """The text with the scores: the last `<think>` block, else all before the answer."""
    body = answer[reasoning_start(answer) :]
    return re.split(r"</think>|<answer>", body, maxsplit=1, flags=re.IGNORECASE)[0]


def reasoning_start(answer: str) -> int:
    """Where the text of `reasoning` starts in the answer, in characters."""
    starts = [match.end() for match in re.finditer(r"<think>", answer, re.IGNORECASE)]
    return starts[-1] if starts else 0


def _scores(text: str) -> tuple[Digits, bool]:
    """The scores of both candidates, and whether any number is none of 0 to 5."""
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
"""One or two words that an image shows, followed by a number only."""


def _under_elements(text: str) -> Iterator[tuple[Place, str]]:
    """Scores under element headings: `1. Color:`, then `Image A(2) - why; Image B(5) - why`."""
    for element, below, _ in element_sections(text):
        for label in LABELS:
            opened = r"[\"'*_\s]*(?:[(\[]\s*|[:=]\s*[(\[]?\s*|[-:]?\s*[Ss]core\W*)"
            closed = r"(?=[\"'*\s]*(?:[)\];,.|-]|$))"
            score = re.search(rf"\b{label}{opened}{_NUMBER}{closed}", below, re.MULTILINE)
            if score:
                yield (label, element), _out_of_five(score[1])


def element_sections(text: str) -> Iterator[tuple[Element, str, int]]:
    """The text below each element's heading up to the next heading, and where it starts."""
    heading = "|".join(rf"(?P<{e.value}>{NAMES[e]})" for e in ELEMENTS)
    heading_line = rf"(?:{_LINE_START}|\d[.)] ?)(?:{heading})(?![ \t]*\w)"
    headings = list(re.finditer(heading_line, text, re.IGNORECASE | re.MULTILINE))
    ends = [match.start() for match in headings[1:]] + [len(text)]
    for match, end in zip(headings, ends, strict=False):
        yield Element(match.lastgroup or ""), text[match.end() : end], match.end()


def _under_images(text: str) -> Iterator[tuple[Place, str]]:
    """Scores after an image label: `A art style: 5; color: red 4; ...`, on one or more lines."""
    label_line = rf"{_LINE_START}(?:Image[ _]?)?([AB])\b(?! ?\()"
    starts = list(re.finditer(label_line, text, re.MULTILINE))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    for match, end in zip(starts, ends, strict=False):
        label: Label = "A" if match[1] == "A" else "B"
        for element in ELEMENTS:
            named = rf"\b{NAMES[element]}{COLON}\s*(?:\(?|{_WORDS_SEEN}){_NUMBER}"
            if score := re.search(named, text[match.end() : end], re.IGNORECASE):
                yield (label, element), _out_of_five(score[1])


def _out_of_five(number: str) -> str:
    """`4/5` becomes `4`; any other fraction stays as it is and is out of range."""
    return re.sub(r"\s*/\s*5$", "", number)
