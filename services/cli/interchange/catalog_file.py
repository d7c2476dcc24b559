"""Write the catalog of a tenant into a temporary file, for a child process without Kafka."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.cli.connection import find_system, messaging_settings
from services.cli.interchange.erased import ErasedUsers
from services.cli.interchange.export_source import ExportSource
from services.cli.output.console import print_progress
from services.local.runtime_file import RuntimeFile
from shared.domain.errors import Unavailable
from shared.events.interchange.writers.parquet import parquet_writer
from shared.events.topics import CATALOG


@contextmanager
def catalog_file(tenant: str) -> Iterator[Path | None]:
    """The file for the length of a block; None where no Kafka answers, which is reported."""
    system = find_system()
    with TemporaryDirectory(prefix="preferstream-") as folder:
        path = Path(folder) / "catalog.parquet"
        if system is None or not _write(path, system, tenant):
            print_progress("the catalog is left out: it is in Kafka only, and no system runs")
            yield None
            return
        yield path


def _write(path: Path, system: RuntimeFile, tenant: str) -> bool:
    source = ExportSource(tenant, messaging_settings(system), {}, None, ErasedUsers({}))
    try:
        with parquet_writer(path, CATALOG) as writer:
            for event in source.latest(CATALOG):
                writer.write(event)
    except Unavailable as error:
        print_progress(error.detail)
        return False
    return True
