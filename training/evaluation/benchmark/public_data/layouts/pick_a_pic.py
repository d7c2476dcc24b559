"""Read Pick-a-Pic: Parquet rows with two images as bytes, the choice of a user, and the prompt.

Layout (Kirstain et al., arXiv 2305.01569; dataset cards yuvalkirstain/pickapic_v1 and _v2):
`data/<split>-*.parquet` with `user_id`, `caption`, `created_at`, `has_label`, `label_0` and
`label_1` (1 and 0 for the chosen and the other image, .5 for a tie), `image_0_uid`, `image_1_uid`,
and the images in `jpg_0` and `jpg_1`. In the splits `validation_unique` and `test_unique` each user
has one row: name files of other splits, too, in which the same users have more prompts. The files
are read twice: choices without images first, then the images of the rows that are used.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import Unprocessable
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.cases.from_choices import cases_of_choices
from training.evaluation.benchmark.public_data.cases.protocol import drawn_users
from training.evaluation.benchmark.public_data.layouts.columns import Columns, number_of, user_of
from training.evaluation.benchmark.public_data.request import Request
from training.evaluation.benchmark.public_data.values import (
    Choice,
    Place,
    UserCases,
    UserLeftOut,
)
from training.evaluation.benchmark.public_data.writing.image_store import ImageStore
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut

COLUMNS: Final = {
    "user": "user_id", "prompt": "caption", "time": "created_at", "has_label": "has_label",
    "label_0": "label_0", "label_1": "label_1", "image_0": "image_0_uid",
    "image_1": "image_1_uid", "bytes_0": "jpg_0", "bytes_1": "jpg_1",
}  # fmt: skip
OPTIONAL: Final = ("time", "has_label")
PIXELS: Final = ("bytes_0", "bytes_1")
BATCH_ROWS: Final = 256
"""Two images of about 100 KB a row: 50 MB in memory."""


def cases_of_files(
    request: Request, left_out: LeftOut
) -> tuple[int, list[UserCases | UserLeftOut]]:
    """The number of rows, and the cases of each drawn user; raises `BadBenchmark`."""
    columns = Columns(COLUMNS, request.columns)
    by_user: dict[str, list[Choice]] = defaultdict(list)
    count = 0
    for file in request.files:
        for place, fields in _rows(file, columns, pixels=False):
            count += 1
            try:
                choice = _choice(fields, place)
            except Unprocessable as error:
                left_out.row(place, error.reason, error.detail)
                continue
            by_user[choice.user].append(choice)
    users = drawn_users(by_user, request.protocol)
    return count, [cases_of_choices(u, by_user[u], request.protocol, left_out) for u in users]


def load_images(request: Request, images: Set[str], store: ImageStore) -> None:
    """Add the bytes of these images from the rows that have them."""
    columns = Columns(COLUMNS, request.columns)
    missing = set(images)
    for file in request.files:
        if not missing:
            return
        for _, fields in _rows(file, columns, pixels=True, wanted=missing):
            for side in "01":
                image = str(fields[f"image_{side}"] or "")
                data = fields[f"bytes_{side}"]
                if image in missing and isinstance(data, bytes) and data:
                    store.add(image, data, name=f"{image}.jpg")
                    missing.discard(image)
    for image in missing:
        store.broken[image] = Unprocessable(
            "missing_image", f"no row has bytes of the image {image}"
        )


def _choice(fields: Mapping[str, Any], place: Place) -> Choice:
    user = user_of(fields["user"])
    if fields["has_label"] is False:
        raise Unprocessable("no_label", "the user has chosen neither image (has_label is false)")
    labels = [number_of(fields[f"label_{side}"], what="label") for side in "01"]
    images = [str(fields[f"image_{side}"] or "") for side in "01"]
    if not all(images):
        raise Unprocessable("missing_field", "an image has no id")
    if images[0] == images[1]:
        raise Unprocessable("same_image", f"both images are {images[0]}")
    if labels[0] == labels[1]:
        raise Unprocessable("tie", f"the user likes both images equally ({labels[0]:g} each)")
    better, worse = images if labels[0] > labels[1] else reversed(images)
    at = fields["time"]
    return Choice(
        user, better, worse, str(fields["prompt"] or ""),
        at.isoformat() if isinstance(at, datetime) else str(at or ""), place,
    )  # fmt: skip


def _rows(
    file: Path, columns: Columns, *, pixels: bool, wanted: Set[str] | None = None
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The rows of a file by field; with `wanted`, only batches and rows with such an image."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            names = {name.strip().lower(): name for name in parquet.schema_arrow.names}
            columns.check(names, str(file), optional=OPTIONAL)
            fields = [f for f in columns.by_field if pixels or f not in PIXELS]
            read = [names[n] for f in fields if (n := columns.by_field[f]) in names]
            line = 0
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=read):
                rows = (
                    batch if wanted is None else batch.filter(_with(batch, columns, names, wanted))
                )
                for row in rows.to_pylist():
                    line += 1
                    yield Place(str(file), line), columns.read(row)
    except (pa.ArrowException, OSError) as error:
        raise BadBenchmark(
            f"{file} cannot be read as Parquet: {error}; was it downloaded completely?"
        ) from error


def _with(batch: Any, columns: Columns, names: Mapping[str, str], wanted: Set[str]) -> Any:
    """A mask of the rows with one of these images."""
    import pyarrow as pa

    sides = [batch.column(names[columns.by_field[f"image_{side}"]]).to_pylist() for side in "01"]
    return pa.array([str(a) in wanted or str(b) in wanted for a, b in zip(*sides, strict=True)])
