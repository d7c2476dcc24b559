"""Measure what the feeds would have been worth on a history; print the report as a line of JSON.

python -m training.simulate.backtest history.jsonl --format metarank --uri-field image
"""

import argparse
import asyncio
import sys
from datetime import UTC
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.factory import open_image_encoder
from shared.events.interchange.catalog_images import address_by_template
from shared.events.interchange.event_names import BadMapping, event_names
from shared.events.interchange.formats import FORMATS, read_files
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Problem, Skipped
from shared.events.types.base import DEFAULT_TENANT
from shared.events.types.catalog import CatalogImage
from shared.events.types.feedback import Feedback
from shared.files.storage_options import delta_options
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.jobs.backtest_report import BacktestReport
from shared.settings import InvalidSettings, from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.factory import open_model
from shared.vlm.settings import ModelSettings
from training.dataset.lake import UnreadableLake
from training.plots.progress import progress
from training.simulate.backtest.cases import select_cases
from training.simulate.backtest.history import History, HistoryBuilder
from training.simulate.backtest.lake_history import read_lake
from training.simulate.backtest.run import backtest
from training.simulate.backtest.run import report as report_of

FAILURE, INTERRUPTED = 1, 130
USERS: Final = 200
RANKINGS: Final = 300
"""A few minutes on two cores, with lists of 10 to 20 images."""


def main() -> int:
    options = _arguments()
    builder = HistoryBuilder(users=options.users, seed=options.seed)
    try:
        if options.lake:
            storage = delta_options(options.s3_endpoint)
            read_lake(builder, options.lake, tenant=options.tenant, storage_options=storage)
            if options.catalog:
                _read_catalog(builder, options.catalog, tenant=options.tenant)
        else:
            _read_files(builder, options)
        report = asyncio.run(_measure(builder.build(), options))
    except (
        BadMapping,
        UnreadableLake,
        BadCheckpoint,
        Unavailable,
        Unprocessable,
        InvalidSettings,
    ) as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    print(report.model_dump_json(), flush=True)
    return 0


def _read_catalog(builder: HistoryBuilder, file: Path, *, tenant: str) -> None:
    importing = ImportOptions({}, system_clock(), tenant)
    for read in read_files(FORMATS["parquet"], [file], importing):
        builder.add_all(result for result in read.results if isinstance(result, CatalogImage))


def _read_files(builder: HistoryBuilder, options: argparse.Namespace) -> None:
    names = dict(text.rpartition("=")[::2] for text in options.map)
    importing = ImportOptions(
        event_names(options.format, names), system_clock(), options.tenant, options.uri_field,
        options.uri_template, user_field=options.user_field,
        zone=ZoneInfo(options.timezone) if options.timezone else UTC,
    )  # fmt: skip
    refused = 0
    reads = read_files(FORMATS[options.format], options.files, importing, encoding=options.encoding)
    for read in reads:
        for result in read.results:
            if isinstance(result, Problem):
                refused += 1
            elif not isinstance(result, Skipped):
                builder.add(result)
                if isinstance(result, CatalogImage):
                    importing.images.add(result)
                if options.uri_template and isinstance(result, Feedback):
                    uri = address_by_template(options.uri_template, result.image_id)
                    builder.add_address(result.tenant, result.image_id, uri)
    if refused:
        print(
            f"{refused} records could not be read; `preferstream import --dry-run` names them",
            file=sys.stderr,
        )


async def _measure(history: History, options: argparse.Namespace) -> BacktestReport:
    cases = select_cases(history, most=options.rankings, seed=options.seed)
    if not cases.cases or not history.addresses:
        return report_of(history, [], cases.left_out, {}, model_version=None, seed=options.seed)
    fixed = {"model": options.model} if options.model else {}
    images = ImageLoader(from_environment(ImageSettings))
    try:
        async with (
            open_model(from_environment(ModelSettings, **fixed)) as model,
            open_image_encoder(from_environment(ImageEncoderSettings)) as encoder,
        ):
            with progress(len(cases.cases)) as advance:
                return await backtest(
                    history, cases, model, encoder, images, seed=options.seed,
                    advance=lambda: advance("lists ranked", 1),
                )  # fmt: skip
    finally:
        await images.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", type=Path, nargs="*", help="files of another system")
    parser.add_argument("--format", choices=sorted(FORMATS))
    parser.add_argument("--lake", help="read our own lake in place of files")
    parser.add_argument("--catalog", type=Path, help="our own export of the catalog, for --lake")
    parser.add_argument("--s3-endpoint")
    parser.add_argument("--tenant", default=DEFAULT_TENANT)
    parser.add_argument("--uri-field")
    parser.add_argument("--uri-template")
    parser.add_argument("--map", action="append", default=[], metavar="NAME=TYPE")
    parser.add_argument("--user-field", choices=["client_id", "user_id"], default="client_id")
    parser.add_argument("--encoding")
    parser.add_argument("--timezone")
    parser.add_argument("--model", type=Path, help="folder of a checkpoint")
    parser.add_argument("--users", type=int, default=USERS, help=f"default {USERS}")
    parser.add_argument("--rankings", type=int, default=RANKINGS, help=f"default {RANKINGS}")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if bool(options.files) == bool(options.lake):
        parser.error("name files with --format, or --lake (not both)")
    if options.files and not options.format:
        parser.error("name the format of the files with --format")
    return options


if __name__ == "__main__":
    sys.exit(main())
