"""Print rows as a table, as one record below another, or as lines with tabs; ids stay whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.output.literal_text import is_right_to_left, literal
from services.cli.output.wrapping import Id, Line, Part, text_of, wrap

MIN_TEXT_CELLS: Final = 24
"""Narrowest column of prose: with less, records below one another are easier to read."""
INDENT: Final = 2


@dataclass(frozen=True)
class Column:
    """`id` and `value` stay on one line; `text` is wrapped; `number` is a value at the right."""

    name: str
    kind: Literal["id", "value", "number", "text"] = "value"
    style: str = ""
    max_characters: int | None = None
    """On a terminal, a longer text ends after a whole word, with `…`."""


@dataclass(frozen=True)
class Listing:
    """Rows with a title and notes below; each row has one cell per column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Part]]
    title: Line = ()
    notes: Sequence[Line] = ()


def layout(listing: Listing, *, width: int | None, encoding: str = "utf-8") -> list[RenderableType]:
    """What to print on a terminal of this width; None stands for a pipe or a file.

    A pipe gets one line per row, whole cells with tabs between them, after a line with the names of
    the columns. A terminal gets a table, or the records below one another if the table does not
    fit: an id then has a line of its own.
    """
    title = wrap(listing.title, width=width, encoding=encoding) if listing.title else []
    notes = [line for note in listing.notes for line in wrap(note, width=width, encoding=encoding)]
    if width is None:
        return [*title, *_with_tabs(listing, encoding), *notes]
    rows = [
        [_shown(cell, column, encoding) for cell, column in zip(row, listing.columns, strict=True)]
        for row in listing.rows
    ]
    widths = _widths(listing.columns, rows, width)
    if widths is None or _needs_own_lines(listing, rows):
        return [*title, *_records(listing.columns, rows, width), *notes]
    return [*title, _table(listing.columns, rows, widths), *notes]


def print_listing(console: Console, listing: Listing, *, width: int | None) -> None:
    """Print the rows in the layout for this width."""
    if width is not None:
        # Rich takes 80 for a terminal of the type `dumb`, and would cut the table.
        console.size = ConsoleDimensions(width, console.height)
    for part in layout(listing, width=width, encoding=console.encoding):
        if isinstance(part, str):
            console.file.write(part + "\n")  # Rich would replace the tabs.
        else:
            # Wrapping is done; a line that is still too wide is one id, and the terminal folds it.
            console.print(part, soft_wrap=isinstance(part, Text))


def _with_tabs(listing: Listing, encoding: str) -> list[str]:
    names = [column.name for column in listing.columns]
    rows = [[literal(text_of(cell), encoding=encoding) for cell in row] for row in listing.rows]
    return ["\t".join(cells) for cells in (names, *rows)]


def _shown(cell: Part, column: Column, encoding: str) -> tuple[str, str]:
    """Text and style of a cell on a terminal; only the escapes and the length are changed."""
    text, style = (cell, column.style) if isinstance(cell, str) else cell
    shown = literal(text, encoding=encoding)
    if column.max_characters is not None and len(shown) > column.max_characters:
        mark = literal("…", encoding=encoding)
        shown = f"{shown[: column.max_characters].rpartition(' ')[0]} {mark}".lstrip()
    return (shown if column.kind == "text" else Id(shown)), style


def _needs_own_lines(listing: Listing, rows: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Right-to-left letters reorder the numbers and borders that follow on the same line."""
    ids = [number for number, column in enumerate(listing.columns) if column.kind == "id"]
    return any(is_right_to_left(row[number][0]) for row in rows for number in ids)


def _widths(
    columns: Sequence[Column], rows: Sequence[Sequence[tuple[str, str]]], width: int
) -> list[int] | None:
    """Cells of each column; None when the table is wider than `width`."""
    natural, minimal = [], []
    for number, column in enumerate(columns):
        texts = [row[number][0] for row in rows]
        whole = max(map(cell_len, [column.name, *texts]))
        words = [column.name, *(word for text in texts for word in text.split())]
        narrow = max(min(whole, MIN_TEXT_CELLS), *map(cell_len, words))
        natural.append(whole)
        minimal.append(narrow if column.kind == "text" else whole)
    # A border at the left, and after each column one more with a space on both of its sides.
    left = width - 1 - 3 * len(columns) - sum(minimal)
    if left < 0:
        return None
    while left and minimal != natural:
        narrowed = [n for n in range(len(columns)) if minimal[n] < natural[n]]
        number = min(narrowed, key=lambda n: minimal[n])
        minimal[number] += 1
        left -= 1
    return minimal


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[tuple[str, str]]], widths: Sequence[int]
) -> Table:
    table = Table()
    for column, cells in zip(columns, widths, strict=True):
        justify: Literal["right", "left"] = "right" if column.kind == "number" else "left"
        table.add_column(Text(column.name), width=cells, justify=justify, no_wrap=True)
    for row in rows:
        wrapped = [
            wrap([cell], width=cells if column.kind == "text" else None)
            for cell, column, cells in zip(row, columns, widths, strict=True)
        ]
        table.add_row(*(Text("\n").join(lines) for lines in wrapped))
    return table


def _records(
    columns: Sequence[Column], rows: Sequence[Sequence[tuple[str, str]]], width: int
) -> list[Text]:
    """The id of each row on its own line, then its values in one line, then each text."""
    kinds = [column.kind for column in columns]
    first = kinds.index("id") if "id" in kinds else 0
    lines: list[Text] = []
    for row in rows:
        values: list[Part] = []
        others: list[Line] = []
        for number, (column, (text, style)) in enumerate(zip(columns, row, strict=True)):
            if number == first or text in ("", "-"):
                continue
            name = f"{column.name} " if column.name else ""
            if column.kind in ("value", "number"):
                values += [", "] if values else []
                values += [Id(name), (text, style)]
            else:
                others.append([f"{name.strip()}: ", (text, style)])
        lead, lead_style = row[first]
        lines += wrap([(Id(lead), lead_style or "bold")], width=width)
        for line in ([values] if values else []) + others:
            lines += wrap([" " * INDENT, *line], width=width, hanging=2 * INDENT)
    return lines
