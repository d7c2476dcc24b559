"""`preferstream export`: write catalog, feeds and feedback of a tenant as UBI or Parquet."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import fail, print_json, print_progress, print_rows, wrong_use
from services.cli.output.listing import Column, Listing
from services.cli.program.interruption import interruptible
from shared.domain.errors import Unavailable
from shared.events.types.base import DEFAULT_TENANT

SOURCES = ("both", "lake", "kafka")


def export(
    format: Annotated[str, typer.Argument(help="ubi (JSON lines) or parquet.")],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    tenant: Annotated[str, typer.Option(help="Tenant of the data.")] = DEFAULT_TENANT,
    source: Annotated[
        str, typer.Option(help="lake, kafka, or both: the lake, and what only Kafka has yet.")
    ] = "both",
    packed: Annotated[bool, typer.Option("--gzip", help="UBI: pack the files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Write queries.ndjson and events.ndjson, or catalog, feedback and feeds as Parquet.

    Erased users are in no file. The catalog is in Kafka only. Memory stays bounded.

    Example: preferstream export ubi --out history/ --tenant shop
    """
    if format not in ("ubi", "parquet"):
        wrong_use(f"{format} is no format; choose ubi or parquet")
    if source not in SOURCES:
        wrong_use(f"--source must be one of {', '.join(SOURCES)}, not {source}")
    # Here: it imports Delta Lake.
    from services.retrain.lake.table import LakeBroken
    from shared.files.writable_folder import UnusableFolder, prepare_folder

    try:
        prepare_folder(out_folder, advice="name another folder with --out")
    except UnusableFolder as error:
        fail(str(error))
    try:
        with interruptible(lambda: "the export was stopped; no unfinished file is left"):
            counts = _write(format, out_folder, tenant=tenant, source=source, packed=packed)
    except (Unavailable, LakeBroken) as error:
        fail(f"{error}; nothing was written")
    _show(counts, out_folder, as_json=as_json)


def _write(format: str, folder: Path, *, tenant: str, source: str, packed: bool) -> dict[str, int]:
    from services.cli.files.paths import lake_settings
    from services.cli.interchange.erased import ErasedUsers
    from services.cli.interchange.export_source import ExportSource
    from services.retrain.app import lake_tables
    from services.retrain.lake.erased_users import ErasureTable
    from shared.files.storage_options import delta_options

    lake = lake_settings()
    kafka = messaging_settings(connect()) if source != "lake" else None
    erasures = ErasureTable(lake.lake_uri, storage_options=delta_options(lake.s3_endpoint))
    tables = {t.schema.topic.name: t for t in lake_tables(lake)} if source != "kafka" else {}
    exporting = ExportSource(
        tenant, kafka, tables, erasures, erased=ErasedUsers.read(kafka, erasures)
    )
    with ExitStack() as files:
        counts = (_ubi if format == "ubi" else _parquet)(exporting, folder, files, packed)
        # Before the files get their names: a user who was erased meanwhile may be in them.
        if ErasedUsers.read(kafka, erasures).known != exporting.erased.known:
            raise Unavailable("export", "a user was erased during the export; export again")
    return counts | {"left_out_erased": exporting.left_out, "invalid_records": exporting.invalid}


def _ubi(exporting: Any, folder: Path, files: ExitStack, packed: bool) -> dict[str, int]:
    from shared.events.interchange.writers.ndjson import ndjson_writer
    from shared.events.interchange.writers.ubi import event_of, query_of
    from shared.events.topics import FEEDBACK, FEEDS

    end = ".ndjson.gz" if packed else ".ndjson"
    queries = files.enter_context(ndjson_writer(folder / f"queries{end}", packed=packed))
    for feed in exporting.events(FEEDS):
        queries.write(query_of(feed))
    print_progress(f"{queries.count} queries written")
    events = files.enter_context(ndjson_writer(folder / f"events{end}", packed=packed))
    for feedback in exporting.events(FEEDBACK):
        events.write(event_of(feedback))
    return {f"queries{end}": queries.count, f"events{end}": events.count}


def _parquet(exporting: Any, folder: Path, files: ExitStack, packed: bool) -> dict[str, int]:
    from shared.events.interchange.writers.parquet import parquet_writer
    from shared.events.topics import CATALOG, FEEDBACK, FEEDS

    counts = {}
    for name, topic in (("catalog", CATALOG), ("feeds", FEEDS), ("feedback", FEEDBACK)):
        writer = files.enter_context(parquet_writer(folder / f"{name}.parquet", topic))
        for event in exporting.latest(topic) if topic.compacted else exporting.events(topic):
            writer.write(event)
        counts[f"{name}.parquet"] = writer.count
        print_progress(f"{writer.count} rows of {name} written")
    return counts


def _show(counts: dict[str, int], folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"folder": str(folder), **counts})
        return
    print_rows(
        Listing(
            (Column("file", "id"), Column("rows", "number")),
            [(name, str(count)) for name, count in counts.items()],
            title=[f"written to {folder.resolve()}"],
        )
    )
