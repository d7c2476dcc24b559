"""Define the summary of an import of public data: what was written, what was left out, and why."""

from shared.domain.taste import Value


class ImportedSet(Value):
    """One set of cases, in a folder of its own below `data`."""

    name: str
    format: str
    folder: str
    """Absolute path of `data/<name>`; `evaluate --bench` reads the folder above `data`."""
    rows: int
    """Rows that were read."""
    users: int
    pairs: int
    images: int
    rows_left_out: dict[str, int]
    """By reason."""
    pairs_left_out: dict[str, int]
    """Pairs and references of readable rows whose images cannot be used, by reason."""
    users_left_out: dict[str, int]
    """By reason."""
    sentences: tuple[str, ...]
    """The first rows and users that were left out; `left_out.jsonl` has all of them."""
    protocol: dict[str, int | float | None]
    """Every number of the protocol, with the seed."""
    files: tuple[str, ...]
    source: str
    """Where the data is had."""
    licence: str
    """The terms of the data as far as they are known to us; check them yourself."""
    events: int
    """Lines of `events.jsonl`."""
    tenant: str


class BenchmarkImport(Value):
    """The sets of one import."""

    out: str
    """Absolute path of the folder for `evaluate --bench`."""
    sets: tuple[ImportedSet, ...]
