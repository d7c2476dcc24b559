"""Read Parquet files row by row, with memory for one batch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shared.events.interchange.values import Problem, Row

BATCH_ROWS: Final = 1_000


def parquet_rows(path: Path) -> Iterator[Row | Problem]:
    """One row a record; the line is the number of the row, from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                for fields in batch.to_pylist():
                    number += 1
                    yield Row(str(path), number, fields)
    except (pa.ArrowException, OSError) as error:
        yield Problem(
            str(path), number, "unreadable_file",
            f"the file cannot be read as Parquet after row {number}: {error}",
        )  # fmt: skip
