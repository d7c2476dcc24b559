"""Ask any instruction-tuned model: explained elements, JSON answers, digits one after another."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from shared.domain.taste import ELEMENTS, Element, Taste
from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.parser.elements import ParsedSide
from shared.prompting.prompt import PAIR_TEMPLATE, SideWords
from shared.prompting.styles.general import answers, layout, prompts, written_answers
from shared.prompting.styles.general.schema import (
    DESCRIPTION_SCHEMA,
    RATIONALES_SCHEMA,
    TASTE_SCHEMA,
)
from shared.prompting.styles.protocol import (
    DigitReading,
    ParsedDigits,
    ParsedRationales,
    Task,
)

MAX_TASTE_TOKENS: Final = 512
"""Two sides of six lists with two phrases each take about 200 tokens, and prose before them."""
MAX_DESCRIPTION_TOKENS: Final = 256
MAX_SCORE_TOKENS: Final = 128
"""Five tokens under a grammar; room for a sentence where a server ignores the grammar."""
MAX_RATIONALES_TOKENS: Final = 640


class GeneralStyle:
    """For models that were never trained on our prompts (Qwen2.5-VL, Qwen3-VL, Gemma, ...)."""

    name: str = "general"
    version: str = prompts.VERSION
    digit_reading: DigitReading = "chosen"
    explains_given_digits: bool = True
    pair_template: PairTemplate = PAIR_TEMPLATE
    package_files: Mapping[str, bytes] = MappingProxyType({})

    def predict(self, *, liked: int, disliked: int) -> Task:
        prompt = prompts.predict(liked=liked, disliked=disliked)
        return Task(prompt, MAX_TASTE_TOKENS, TASTE_SCHEMA)

    def describe(self) -> Task:
        return Task(prompts.describe(), MAX_DESCRIPTION_TOKENS, DESCRIPTION_SCHEMA)

    def score(self, taste: Taste) -> Task:
        return Task(prompts.score(taste), MAX_SCORE_TOKENS)

    def explain(self, taste: Taste, digits: Mapping[Element, int]) -> Task:
        return Task(prompts.explain(taste, digits), MAX_RATIONALES_TOKENS, RATIONALES_SCHEMA)

    def parse_taste(self, answer: str) -> ParsedTaste:
        return answers.parse_taste(answer)

    def parse_description(self, answer: str) -> ParsedSide:
        return answers.parse_description(answer)

    def parse_digits(self, answer: str) -> ParsedDigits:
        return answers.parse_digits(answer)

    def digit_places(self, answer: str) -> Sequence[int] | None:
        return None

    def parse_rationales(self, answer: str, digits: Mapping[Element, int]) -> ParsedRationales:
        return answers.parse_rationales(answer, digits)

    def taste_answer(self, likes: SideWords, dislikes: SideWords) -> str:
        return written_answers.taste(likes, dislikes)

    def description_answer(self, words: SideWords) -> str:
        return written_answers.description(words)

    def score_answer(self, taste: Taste, digits: Mapping[Element, int]) -> str:
        return "".join(str(digits[element]) for element in ELEMENTS)

    def rationale_answer(
        self, taste: Taste, digits: Mapping[Element, int], rationales: Mapping[Element, str]
    ) -> str:
        return written_answers.rationales(rationales)

    def taste_layout(self, answer: str) -> float:
        return layout.schema_share(answer, TASTE_SCHEMA)

    def score_layout(self, answer: str, *, explained: bool) -> float:
        if explained:
            return layout.schema_share(answer, RATIONALES_SCHEMA)
        return float(layout.is_five_digits(answer))
