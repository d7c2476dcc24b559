"""Read five digits that the model itself has chosen, with their probabilities where there are any.

Works with any server of the OpenAI API. The alternatives at each digit's place give its
distribution. A server without log-probabilities, or one that ignores the grammar, still gives the
digits of its text; each then has the probability 1.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS
from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.engine.answer_layout import DIGITS
from shared.vlm.protocol import Scores
from shared.vlm.server.chat import completion_text
from shared.vlm.server.connection import PART
from shared.vlm.server.dialect import Dialect, with_digits, without_thinking

MAX_QUOTED: Final = 80
"""Characters of an unreadable answer that the error repeats."""
Distribution = tuple[float, ...]


@dataclass(frozen=True)
class ChosenScores:
    """Requests and reads scores in the style's own layout."""

    style: PromptStyle
    dialect: Dialect

    def request(self, completion: Mapping[str, Any]) -> dict[str, Any]:
        return with_digits(without_thinking(completion, self.dialect), self.dialect)

    def read(self, response: Mapping[str, Any], weights: ElementWeights = EQUAL_WEIGHTS) -> Scores:
        """Raises `Unavailable` when an element has no digit."""
        text, _ = completion_text(response)
        rows = distributions(response)
        if rows is None:
            parsed = self.style.parse_digits(text)
            if parsed.problems:
                quoted = " ".join(text.split())[:MAX_QUOTED]
                raise Unavailable(
                    PART, f"the model's answer has no scores: {parsed.problems[0]} ({quoted!r})"
                )
            rows = [_certain(parsed.by_element[element]) for element in ELEMENTS]
        return Scores(dict(zip(ELEMENTS, rows, strict=True)), weights)


def distributions(response: Mapping[str, Any]) -> list[Distribution] | None:
    """Five distributions over the digits 0-5 from the log-probabilities of an answer of digits.

    None when the answer has other tokens than five digits, or no log-probabilities.
    """
    try:
        content = response["choices"][0]["logprobs"]["content"]
        tokens = [token for token in content if str(token["token"]).strip()]
        if "".join(str(token["token"]).strip() for token in tokens).strip("0123456789"):
            return None
        if len(tokens) != len(ELEMENTS):
            return None
        rows = [_distribution(token["top_logprobs"]) for token in tokens]
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return [row for row in rows if row] if all(rows) else None


def _distribution(alternatives: Sequence[Mapping[str, Any]]) -> Distribution | None:
    """Probabilities that sum to 1; None without any digit among the alternatives.

    A server returns few alternatives. A digit that is not among them has at most the probability of
    the least likely one, and the missing digits share at most what the list leaves.
    """
    listed = [math.exp(min(float(entry["logprob"]), 0.0)) for entry in alternatives]
    by_digit = dict.fromkeys(DIGITS, 0.0)
    for entry, probability in zip(alternatives, listed, strict=True):
        text = str(entry["token"]).strip()
        if text in map(str, DIGITS):
            by_digit[int(text)] += probability
    missing = [digit for digit, probability in by_digit.items() if not probability]
    if len(missing) == len(DIGITS):
        return None
    rest = max(0.0, 1.0 - sum(listed))
    for digit in missing:
        by_digit[digit] = min(rest / len(missing), min(listed))
    total = sum(by_digit.values())
    return tuple(by_digit[digit] / total for digit in DIGITS) if total > 0 else None


def _certain(digit: int) -> Distribution:
    return tuple(float(digit == other) for other in DIGITS)
