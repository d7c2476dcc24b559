"""Wrap lines at spaces to the width of the terminal, and never break an id or a file name."""

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from services.cli.output.literal_text import literal


class Id(str):
    """An id, a file name or another text that stays on one line, also with spaces in it."""

    __slots__ = ()


Part = str | tuple[str, str]
"""A piece of a line: text, or text with its style."""
Line = Sequence[Part]


def text_of(part: Part) -> str:
    return part if isinstance(part, str) else part[0]


def plain(line: Line) -> str:
    """The line without styles."""
    return "".join(text_of(part) for part in line)


def wrap(line: Line, *, width: int | None, hanging: int = 0, encoding: str = "utf-8") -> list[Text]:
    """The lines of at most `width` cells; all but the first are indented by `hanging` spaces.

    A word or an id that is wider than that is still whole: the terminal folds it, and a copy of it
    is complete. Without a width, there is one line.
    """
    lines = [Text()]
    for spaces, word in _words(line, encoding):
        current = lines[-1]
        is_start = not current.plain.strip()
        too_wide = width is not None and current.cell_len + spaces + word.cell_len > width
        if too_wide and not is_start:
            current = Text(" " * hanging)
            lines.append(current)
        else:
            current.append(" " * spaces)
        current.append_text(word)
    return lines


def _words(line: Line, encoding: str) -> Iterator[tuple[int, Text]]:
    """Each word with the number of spaces before it; an id is part of one word."""
    spaces, word = 0, Text()
    for text, style in _pieces(line, encoding):
        if not isinstance(text, Id) and text.startswith(" "):
            if word:
                yield spaces, word
                spaces, word = 0, Text()
            spaces += len(text)
        else:
            word.append(str(text), style)
    if word:
        yield spaces, word


def _pieces(line: Line, encoding: str) -> Iterable[tuple[str, str]]:
    for part in line:
        text, style = (part, "") if isinstance(part, str) else part
        shown = literal(text, encoding=encoding)
        if isinstance(text, Id):
            yield Id(shown), style
        else:
            yield from ((piece, style) for piece in re.findall(" +|[^ ]+", shown))
