"""Decode answers as the continuation of a prompt, with the space that some tokenizers drop."""

from typing import Any, Final

from torch import Tensor

_WORD: Final = "a"


class AnswerText:
    """SentencePiece drops the space before the first word of a text; an answer begins within one.

    After the forced beginning "Likes", the answer " color" would become "Likescolor".
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        two_words = tokenizer(f"{_WORD} {_WORD}", add_special_tokens=False)["input_ids"]
        self._anchor: list[int] = []
        """Tokens of a word before the answer, for tokenizers that drop the space."""
        if not tokenizer.decode(two_words[-1:]).startswith(" "):
            self._anchor = two_words[:-1]
        self._dropped = len(tokenizer.decode(self._anchor)) if self._anchor else 0

    def decode(self, rows: Tensor) -> list[str]:
        """Texts of answers (rows, tokens), without special tokens."""
        whole = [[*self._anchor, *row] for row in rows.tolist()]
        texts = self._tokenizer.batch_decode(whole, skip_special_tokens=True)
        return [text[self._dropped :] for text in texts]
