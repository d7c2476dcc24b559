"""Write the tables of the reports in Markdown."""

from collections.abc import Sequence


def header(first: str, names: Sequence[str]) -> list[str]:
    """The first two lines of a table."""
    return [f"| {first} | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]


def line(name: str, values: Sequence[object]) -> str:
    """One line of a table; a cell of None stays empty."""
    cells = ("" if value is None else str(value) for value in values)
    return f"| {name} | {' | '.join(cells)} |"
