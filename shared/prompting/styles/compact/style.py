"""Ask a model that was trained on our short prompts, and parse its one-line answers."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from shared.domain.taste import Element, Taste
from shared.prompting import parser, prompt, rationale
from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser import ParsedSide, ParsedTaste
from shared.prompting.prompt import PAIR_TEMPLATE, SideWords
from shared.prompting.styles.compact import layout
from shared.prompting.styles.protocol import (
    DigitReading,
    ParsedDigits,
    ParsedRationales,
    Task,
)

MAX_WORDS_TOKENS: Final = 128
"""Two sides of five elements with two words each take about 60 tokens, 110 from a large model."""
MAX_SCORE_TOKENS: Final = 32
"""The score line has 26 tokens in nano's tokenizer."""
MAX_RATIONALES_TOKENS: Final = 224
"""Enough for five short rationales; a longer one is cut and left out."""


class CompactStyle:
    """The prompts of `shared.prompting.prompt`; nano is trained on them and on no others."""

    name: str = "compact"
    version: str = prompt.PROMPT_VERSION
    digit_reading: DigitReading = "held"
    explains_given_digits: bool = False
    pair_template: PairTemplate = PAIR_TEMPLATE
    package_files: Mapping[str, bytes] = MappingProxyType({})

    def predict(self, *, liked: int, disliked: int) -> Task:
        return Task(prompt.predict(liked=liked, disliked=disliked), MAX_WORDS_TOKENS)

    def describe(self) -> Task:
        return Task(prompt.describe(), MAX_WORDS_TOKENS)

    def score(self, taste: Taste) -> Task:
        return Task(prompt.score_for(taste), MAX_SCORE_TOKENS)

    def explain(self, taste: Taste, digits: Mapping[Element, int]) -> Task:
        """The engine forces the digits in the answer; the prompt does not name them."""
        return Task(prompt.explain_for(taste), MAX_RATIONALES_TOKENS)

    def parse_taste(self, answer: str) -> ParsedTaste:
        return parser.parse_taste(answer)

    def parse_description(self, answer: str) -> ParsedSide:
        return parser.parse_description(answer)

    def parse_digits(self, answer: str) -> ParsedDigits:
        parsed = parser.parse_scores(answer)
        return ParsedDigits(parsed.digits, parsed.problems)

    def digit_places(self, answer: str) -> Sequence[int] | None:
        return None

    def parse_rationales(self, answer: str, digits: Mapping[Element, int]) -> ParsedRationales:
        parsed = parser.parse_scores(answer)
        kept = {
            element: text
            for element, text in parsed.rationales.items()
            if rationale.agrees(text, digits[element])
        }
        left_out = tuple(
            f"the rationale for {element.label} does not agree with its score"
            for element in parsed.rationales
            if element not in kept
        )
        return ParsedRationales(kept, parsed.problems + left_out)

    def taste_answer(self, likes: SideWords, dislikes: SideWords) -> str:
        return prompt.taste_lines(likes, dislikes)

    def description_answer(self, words: SideWords) -> str:
        return prompt.description_line(words)

    def score_answer(self, taste: Taste, digits: Mapping[Element, int]) -> str:
        return prompt.score_line(digits)

    def rationale_answer(
        self, taste: Taste, digits: Mapping[Element, int], rationales: Mapping[Element, str]
    ) -> str:
        return prompt.score_line(digits, rationales)

    def taste_layout(self, answer: str) -> float:
        return layout.taste_share(answer)

    def score_layout(self, answer: str, *, explained: bool) -> float:
        return layout.score_share(answer, explained=explained)
