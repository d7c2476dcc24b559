"""Ask a released PreferThinker checkpoint in its official layout (arXiv 2511.00609).

The official prompt shows references and two candidates, and its answer states the profiles before
the points. So a taste is the first part of an answer. A candidate is scored as a pair with itself:
the stored profile stands in place of the references and begins the answer, and the model continues
with its points. The official layout has no description of one image; the general style has one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from shared.domain.taste import ELEMENTS, Element, Taste
from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.parser.elements import ParsedSide
from shared.prompting.prompt import SideWords
from shared.prompting.styles.general import answers as general_answers
from shared.prompting.styles.general.schema import MAX_RATIONALE_CHARACTERS
from shared.prompting.styles.general.style import GeneralStyle
from shared.prompting.styles.preferthinker import answers, layout, prompts
from shared.prompting.styles.protocol import (
    PROMPT_TEMPLATE_FILE,
    DigitReading,
    ParsedDigits,
    ParsedRationales,
    Task,
)

LAYOUT_VERSION: Final = "1"
"""Changes with every byte of the answer layout; the template has its own hash."""
HASH_DIGITS: Final = 12
MAX_PROFILE_TOKENS: Final = 512
"""Two profiles take about 150 tokens; room for an introduction."""
MAX_POINTS_TOKENS: Final = 1024
"""A whole official answer has 830 tokens (arXiv 2511.00609), where a server ignores the pattern."""
_GENERAL: Final = GeneralStyle()
_RATIONALE: Final = rf" [^\n]{{1,{MAX_RATIONALE_CHARACTERS}}}"
_DIGIT: Final = "[0-5]"


class PreferThinkerStyle:
    """For checkpoints of the PreferThinker paper, with the official prompt as a user's file."""

    name: str = "preferthinker"
    digit_reading: DigitReading = "chosen"
    explains_given_digits: bool = False

    def __init__(self, template: PairTemplate, file: bytes) -> None:
        """`file` is the file of the template, as the user wrote it."""
        self.pair_template = template
        self.package_files: Mapping[str, bytes] = MappingProxyType({PROMPT_TEMPLATE_FILE: file})
        self.version = f"{LAYOUT_VERSION}-{hashlib.sha256(file).hexdigest()[:HASH_DIGITS]}"

    def predict(self, *, liked: int, disliked: int) -> Task:
        return Task(
            prompts.predict(self.pair_template, liked=liked, disliked=disliked),
            MAX_PROFILE_TOKENS,
            stop=layout.THINK,
            image_order=prompts.predict_order(liked=liked, disliked=disliked),
        )

    def describe(self) -> Task:
        """As in the general style: the official layout has no such task."""
        return _GENERAL.describe()

    def score(self, taste: Taste) -> Task:
        start, *gaps = _texts_before_digits()
        return self._assess(
            taste,
            start=start,
            pattern=_DIGIT + "".join(_escaped(gap) + _DIGIT for gap in gaps),
            digit_gaps=tuple(gaps),
        )

    def explain(self, taste: Taste, digits: Mapping[Element, int]) -> Task:
        # No space at the end: most tokenizers join it with the next word.
        starts = [f"{layout.points_start(e)}{digits[e]}) -" for e in ELEMENTS]
        pattern = _RATIONALE + "".join(_escaped(text) + _RATIONALE for text in starts[1:])
        return self._assess(taste, start=starts[0], pattern=pattern + layout.END)

    def parse_taste(self, answer: str) -> ParsedTaste:
        return answers.parse_taste(answer)

    def parse_description(self, answer: str) -> ParsedSide:
        return general_answers.parse_description(answer)

    def parse_digits(self, answer: str) -> ParsedDigits:
        return answers.parse_digits(answer)

    def digit_places(self, answer: str) -> Sequence[int] | None:
        return answers.digit_places(answer)

    def parse_rationales(self, answer: str, digits: Mapping[Element, int]) -> ParsedRationales:
        return answers.parse_rationales(answer, digits)

    def taste_answer(self, likes: SideWords, dislikes: SideWords) -> str:
        return layout.profiles(likes, dislikes)

    def description_answer(self, words: SideWords) -> str:
        return _GENERAL.description_answer(words)

    def score_answer(self, taste: Taste, digits: Mapping[Element, int]) -> str:
        return layout.stated_profiles(taste) + layout.points(digits)

    def rationale_answer(
        self, taste: Taste, digits: Mapping[Element, int], rationales: Mapping[Element, str]
    ) -> str:
        return layout.stated_profiles(taste) + layout.points(digits, rationales)

    def taste_layout(self, answer: str) -> float:
        return layout.profiles_share(answer, self.parse_taste(answer))

    def score_layout(self, answer: str, *, explained: bool) -> float:
        digits = self.parse_digits(answer).by_element
        if not explained:
            return layout.points_share(answer, digits)
        agreeing = self.parse_rationales(answer, digits).by_element
        return layout.points_share(answer, digits) * len(agreeing) / len(ELEMENTS)

    def _assess(
        self, taste: Taste, *, start: str, pattern: str, digit_gaps: tuple[str, ...] = ()
    ) -> Task:
        """A task on one candidate, which is shown as Image A and as Image B."""
        prefix = layout.stated_profiles(taste) + start
        return Task(
            prompts.assess(self.pair_template, taste, answer_prefix=prefix),
            MAX_POINTS_TOKENS,
            pattern=pattern,
            digit_gaps=digit_gaps,
            image_order=(0, 0),
        )


def _texts_before_digits() -> list[str]:
    """The fixed text before each digit; the first one begins the points."""
    first, *others = (layout.points_start(element) for element in ELEMENTS)
    return [first, *(f"){text}" for text in others)]


def _escaped(text: str) -> str:
    """Escapes fewer characters than `re.escape`: some grammars reject an escaped space."""
    for sign in "().":
        text = text.replace(sign, f"\\{sign}")
    return text
