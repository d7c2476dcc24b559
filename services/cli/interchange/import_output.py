"""Show the figures of an import, and its first problems."""

from services.cli.interchange.import_counts import ImportCounts
from services.cli.output.listing import Column, Listing


def count_rows(counts: ImportCounts, *, title: str) -> Listing:
    """One row for each kind of record: what becomes an event, what is skipped and refused."""
    rows = [
        *(("event", name, str(count)) for name, count in sorted(counts.events.items())),
        *(("skipped", name, str(count)) for name, count in sorted(counts.skipped.items())),
        *(("refused", name, str(count)) for name, count in sorted(counts.refused.items())),
    ]
    return Listing(
        (Column("result", "text"), Column("what", "text"), Column("count", "number")),
        rows,
        title=[title],
    )


def problem_lines(counts: ImportCounts) -> list[str]:
    """`file:line: detail` of the first problems."""
    lines = [f"{p.file}:{p.line}: {p.detail}" for p in counts.first_problems]
    further = counts.refused.total() - len(lines)
    return [*lines, f"and {further} further problems"] if further > 0 else lines
