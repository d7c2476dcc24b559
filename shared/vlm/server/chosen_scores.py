"""Read five digits that the model itself has chosen, with their probabilities where there are any.

Works with any server of the OpenAI API. The alternatives at each digit's place give its
distribution. A server without log-probabilities, or one that ignores the grammar, still gives the
digits of its text; each then has the probability 1.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS, Taste
from shared.prompting.styles.protocol import PromptStyle, Task
from shared.vlm.engine.answer_layout import DIGITS
from shared.vlm.protocol import Scores
from shared.vlm.server.chat import completion_text
from shared.vlm.server.connection import PART
from shared.vlm.server.dialect import (
    DIGITS_PATTERN,
    Dialect,
    with_digits,
)
from shared.vlm.server.thinking import answer_start, with_thinking

MAX_QUOTED: Final = 80
"""Characters of an unreadable answer that the error repeats."""
Distribution = tuple[float, ...]


@dataclass(frozen=True)
class ChosenScores:
    """Requests and reads scores in the style's own layout."""

    style: PromptStyle
    dialect: Dialect

    @cached_property
    def _task(self) -> Task:
        """The layout of the answer, which is the same for every taste."""
        return self.style.score(Taste())

    def request(self, completion: Mapping[str, Any]) -> dict[str, Any]:
        request = with_thinking(completion, self.dialect, is_wanted=False)
        return with_digits(request, self.dialect, pattern=self._task.pattern or DIGITS_PATTERN)

    def read(
        self,
        response: Mapping[str, Any],
        weights: ElementWeights = EQUAL_WEIGHTS,
        *,
        prefix: str = "",
    ) -> Scores:
        """Raises `Unavailable` when an element has no digit."""
        text, _ = completion_text(response, prefix=prefix)
        rows = distributions(response, self._task.digit_gaps) or _in_answer(response, self.style)
        if rows is None:
            parsed = self.style.parse_digits(text)
            if parsed.problems:
                quoted = " ".join(text.split())[:MAX_QUOTED]
                raise Unavailable(
                    PART, f"the model's answer has no scores: {parsed.problems[0]} ({quoted!r})"
                )
            rows = [_certain(parsed.by_element[element]) for element in ELEMENTS]
        return Scores(dict(zip(ELEMENTS, rows, strict=True)), weights)


def distributions(
    response: Mapping[str, Any], gaps: Sequence[str] = ()
) -> list[Distribution] | None:
    """Five distributions over the digits 0-5 from the log-probabilities of an answer of digits.

    `gaps` are the fixed texts between the digits; without them only spaces may be there. None when
    the answer has another layout, or no log-probabilities.
    """
    try:
        content = response["choices"][0]["logprobs"]["content"]
        content = content[answer_start([str(token["token"]) for token in content]) :]
        tokens = [str(token["token"]) for token in content]
        places = _digit_places(tokens, gaps)
        rows = [_distribution(content[place]["top_logprobs"]) for place in places or ()]
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return [row for row in rows if row] if rows and all(rows) else None


def _digit_places(tokens: Sequence[str], gaps: Sequence[str]) -> list[int] | None:
    """The five tokens with the digits; None when the answer has another layout."""
    between = [re.escape(gap.strip()) for gap in gaps] or [""] * (len(ELEMENTS) - 1)
    layout = r"\s*(\d)" + "".join(rf"\s*{gap}\s*(\d)" for gap in between)
    # A fixed text can go on after the last digit, so only the start of such an answer counts.
    layout += r"(?!\d)" if gaps else r"\s*$"
    match = re.match(layout, "".join(tokens))
    if match is None:
        return None
    return _tokens_at(tokens, [match.start(n) for n in range(1, len(ELEMENTS) + 1)])


def _in_answer(response: Mapping[str, Any], style: PromptStyle) -> list[Distribution] | None:
    """Five distributions at the digits of a whole answer, where the style finds them."""
    try:
        content = response["choices"][0]["logprobs"]["content"]
        tokens = [str(token["token"]) for token in content]
        at = style.digit_places("".join(tokens))
        places = _tokens_at(tokens, at) if at else None
        rows = [_distribution(content[place]["top_logprobs"]) for place in places or ()]
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return [row for row in rows if row] if rows and all(rows) else None


def _tokens_at(tokens: Sequence[str], characters: Sequence[int]) -> list[int] | None:
    """The tokens at these places of their text; None where one is more than a single digit."""
    starts = list(accumulate(map(len, tokens), initial=0))
    places = [bisect_right(starts, character) - 1 for character in characters]
    are_alone = all(len(tokens[place].strip()) == 1 for place in places)
    return places if are_alone else None


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
