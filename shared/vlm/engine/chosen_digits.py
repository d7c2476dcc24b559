"""Read digits one after another, each after the digits that the model itself has chosen before."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from transformers import LogitsProcessor

from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.engine.answer_layout import DIGITS

_SPACE_MARKS: Final = "\u0120\u2581 "
"""How tokenizers write the space before a token: byte-level BPE and SentencePiece."""


class ChosenDigits:
    """The tokens of the six digits in one tokenizer, and the reading of five digits with them."""

    def __init__(self, tokenizer: Any, *, gaps: Sequence[str] = ()) -> None:
        """`gaps` are the fixed texts between the digits; without them, the digits are adjacent."""
        self._tokens = digit_tokens(tokenizer)
        self.ids = torch.tensor([token for tokens in self._tokens for token in tokens])
        # Where digits are adjacent, a token of several digits is also an answer that begins with
        # the first of them. It counts as this digit, but only single digits are written.
        self._read = [self._tokens] * len(ELEMENTS)
        if not gaps:
            self._read = [leading_digit_tokens(tokenizer)] * (len(ELEMENTS) - 1) + [self._tokens]
        self._steps: list[Tensor] = []
        """The tokens that are allowed at each step of an answer."""
        self._places: list[int] = []
        """The steps of the digits."""
        single = {token for tokens in self._tokens for token in tokens}
        # Digits with texts between them continue a text, so no space comes before the first one.
        begin = [] if gaps else first_tokens(tokenizer, single)
        for fixed in (begin, *(gap_tokens(tokenizer, g) for g in gaps or [""] * len(ELEMENTS[1:]))):
            self._steps += [torch.tensor([token]) for token in fixed]
            self._places.append(len(self._steps))
            self._steps.append(self.ids)

    @property
    def steps(self) -> int:
        """Tokens of an answer up to its last digit."""
        return len(self._steps)

    def processor(self, *, prompt_length: int) -> Any:
        """A logits processor that allows digits at their places and the fixed texts elsewhere."""
        return _OnlyLayout(self._steps, prompt_length)

    def probabilities(self, logits: tuple[Tensor, ...]) -> Tensor:
        """(n, 5, 6) from the logits of all steps, each (n, vocabulary); rows sum to 1."""
        assert len(logits) == self.steps
        steps = [
            _of_step(logits[place].float(), tokens)
            for place, tokens in zip(self._places, self._read, strict=True)
        ]
        return torch.stack(steps, dim=1)


def _of_step(logits: Tensor, tokens: Sequence[Sequence[int]]) -> Tensor:
    """(n, 6): a digit with several tokens, with and without a space, has their sum."""
    ids = torch.tensor([token for group in tokens for token in group], device=logits.device)
    by_token = logits[:, ids].softmax(dim=-1)
    parts = torch.split(by_token, [len(group) for group in tokens], dim=1)
    return torch.stack([part.sum(dim=-1) for part in parts], dim=1)


def digit_tokens(tokenizer: Any) -> list[list[int]]:
    """The tokens of each digit 0-5; raises `BadCheckpoint` when a digit has none of its own."""
    tokens: list[list[int]] = [[] for _ in DIGITS]
    special = set(tokenizer.all_special_ids)
    for text, token in tokenizer.get_vocab().items():
        digit = text.lstrip(_SPACE_MARKS)
        if len(digit) == 1 and digit in "012345" and token not in special:
            tokens[int(digit)].append(token)
    if not all(tokens):
        # SentencePiece writes characters outside its vocabulary as bytes.
        for digit in DIGITS:
            token = tokenizer.get_vocab().get(f"<0x3{digit}>")
            if not tokens[digit] and token is not None:
                tokens[digit] = [token]
    missing = [str(digit) for digit, ids in enumerate(tokens) if not ids]
    if missing:
        raise BadCheckpoint(
            f"this model's tokenizer has no token for the digit {missing[0]}, so its scores cannot"
            " be read; use another checkpoint"
        )
    return [sorted(ids) for ids in tokens]


def leading_digit_tokens(tokenizer: Any) -> list[list[int]]:
    """The tokens that begin with each digit 0-5: its own, and those of several such digits (`43`).

    Some tokenizers write up to three digits as one token.
    """
    tokens = [list(ids) for ids in digit_tokens(tokenizer)]
    for text, token in tokenizer.get_vocab().items():
        digits = text.lstrip(_SPACE_MARKS)
        if len(digits) > 1 and not digits.strip("012345"):
            tokens[int(digits[0])].append(token)
    return [sorted(ids) for ids in tokens]


def first_tokens(tokenizer: Any, digits: Collection[int]) -> list[int]:
    """The tokens before the first digit of an answer of digits: SentencePiece writes a space."""
    ids = list(tokenizer("0", add_special_tokens=False)["input_ids"])
    return ids[: next((n for n, token in enumerate(ids) if token in digits), 0)]


def gap_tokens(tokenizer: Any, gap: str) -> list[int]:
    """The tokens of a text after a digit; some tokenizers begin a text on its own with a space."""
    if not gap:
        return []
    digit, whole, alone = (
        list(tokenizer(text, add_special_tokens=False)["input_ids"])
        for text in ("(0", f"(0{gap}", gap)
    )
    return whole[len(digit) :] if whole[: len(digit)] == digit else alone


class _OnlyLayout(LogitsProcessor):  # type: ignore[misc]  # untyped base
    def __init__(self, steps: Sequence[Tensor], prompt_length: int) -> None:
        self._steps = steps
        self._prompt_length = prompt_length

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        ids = self._steps[input_ids.shape[1] - self._prompt_length].to(scores.device)
        only = torch.full_like(scores, float("-inf"))
        only[:, ids] = scores[:, ids]
        return only
