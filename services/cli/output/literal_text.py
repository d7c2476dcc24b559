"""Show control characters of foreign text as escapes, so that it cannot steer the terminal."""

import unicodedata
from typing import Final

ESCAPED: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories: control, format (also direction), private use, surrogates, separators."""
JOINERS: Final = "\u200c\u200d"
"""Parts of words in Persian and of emoji such as families; after ASCII they would only hide."""


def literal(text: str, *, encoding: str = "utf-8", keep: str = "") -> str:
    r"""The text with escapes such as `\x1b` for its control characters, except those of `keep`.

    Also characters that `encoding` does not have become escapes.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = ""
    for char in text:
        joins = char in JOINERS and not shown[-1:].isascii()
        shown += char if joins or char in keep else _shown(char)
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def is_right_to_left(text: str) -> bool:
    """Whether a terminal may reorder characters around this text."""
    return any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def _shown(char: str) -> str:
    if unicodedata.category(char) in ESCAPED:
        return char.encode("unicode_escape").decode("ascii")
    return char
