"""Hold the digits of score answers in the input of a model, as serving does in the compact style.

Serving reads each digit after the placeholder digit at the earlier places. So the input has the
placeholder at all places, and the labels have the true digits: each digit is learned under exactly
the condition under which it is read.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from shared.prompting import parser, prompt
from shared.vlm.engine.answer_layout import answer_layout
from training.rewards.reward import text_of


def is_score_answer(answer: str) -> bool:
    """Whether an answer is a score line without rationales."""
    parsed = parser.parse_scores(answer)
    return not parsed.problems and answer == prompt.score_line(parsed.digits)


class HeldDigits:
    """A collator of TRL with prompt and completion, and the placeholder in place of all digits."""

    def __init__(self, collator: Any, tokenizer: Any) -> None:
        """Raises `BadCheckpoint` when a digit is not one token in this tokenizer."""
        self._collator = collator
        self._layout = answer_layout(tokenizer)

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The batch; the given rows are changed by TRL's collator."""
        scored = [is_score_answer(text_of(row["completion"])) for row in rows]
        batch: dict[str, Any] = self._collator(rows)
        for ids, labels, has_digits in zip(
            batch["input_ids"], batch["labels"], scored, strict=True
        ):
            if has_digits:
                self._hold(ids, start=int((labels >= 0).nonzero()[0]))
        return batch

    def _hold(self, ids: Tensor, *, start: int) -> None:
        """Replace the digits of the answer that starts at column `start`."""
        for position in self._layout.positions:
            assert int(ids[start + position]) in self._layout.digit_ids
            ids[start + position] = self._layout.ids[position]
