"""Turn public data into cases; print the summary as one line of JSON.

python -m training.evaluation.benchmark.public_data flickr-aes labels.csv --out runs/flickr
"""

import argparse
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shared.domain.clock import system_clock
from shared.events.types.fields import Identifier
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.cases.protocol import Protocol
from training.evaluation.benchmark.public_data.layouts.formats import FORMATS, files_of
from training.evaluation.benchmark.public_data.request import Request
from training.evaluation.benchmark.public_data.run import import_public_data

FAILURE, INTERRUPTED = 1, 130
DEFAULTS = Protocol()


def main() -> int:
    options = _arguments()
    request = Request(
        files=files_of(options.files),
        out=options.out,
        images=options.images,
        set_name=options.set,
        columns=dict(options.column),
        protocol=Protocol(
            references=options.references, pairs=options.pairs, margin=options.margin,
            judged_share=options.judged_share, users=options.users, seed=options.seed,
        ),
        tenant=options.tenant,
    )  # fmt: skip
    try:
        summary = import_public_data(
            FORMATS[options.format], request, now=system_clock(),
            say=lambda step: print(step, file=sys.stderr, flush=True),
        )  # fmt: skip
    except BadBenchmark as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILURE
    except OSError as error:
        print(f"preferstream: {options.out} cannot be written: {error}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    print(summary.model_dump_json(), flush=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.benchmark.public_data",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("files", nargs="+", help="files in the layout of the release")
    parser.add_argument("--out", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--images", type=Path, help="folder of the images")
    parser.add_argument("--set", help="name of the set")
    parser.add_argument("--column", type=_column, action="append", default=[])
    parser.add_argument("--references", type=int, default=DEFAULTS.references, help="of a side")
    parser.add_argument("--pairs", type=int, default=DEFAULTS.pairs, help="most of a user")
    parser.add_argument("--margin", type=float, default=DEFAULTS.margin, help="of two scores")
    parser.add_argument("--judged-share", type=float, default=DEFAULTS.judged_share)
    parser.add_argument("--users", type=int, help="at most")
    parser.add_argument("--seed", type=int, default=DEFAULTS.seed)
    parser.add_argument("--tenant", type=_tenant, default="benchmark", help="of the events")
    return parser.parse_args()


def _column(text: str) -> tuple[str, str]:
    field, mark, name = text.partition("=")
    if not mark or not field or not name:
        raise argparse.ArgumentTypeError(f"{text} is not FIELD=COLUMN")
    return field, name


def _tenant(text: str) -> str:
    try:
        return TypeAdapter[str](Identifier).validate_python(text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(error.errors()[0]["msg"]) from error


if __name__ == "__main__":
    sys.exit(main())
