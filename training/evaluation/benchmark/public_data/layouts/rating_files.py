"""Read PAMELA and FLICKR-AES: one row a rating, images in a folder.

PAMELA (arXiv 2604.07427; dataset card bethgelab/PAMELA): `annotations/pamela_<split>.json`, a list
of objects with `participant_id`, `image_path` (`./images/NAME.png`, relative to the folder above),
`original_score` (1-5), `image_id` and metadata. The card names the splits and their sizes. The
fields were read from public code that opens these files, not from the files themselves.

FLICKR-AES (Ren et al., Personalized Image Aesthetics, ICCV 2017; github.com/alanspike/
personalizedImageAesthetics): `FLICKR-AES_image_labeled_by_each_worker.csv` with the columns
`worker, imagePair, score` (1-5; some copies have spaces after the commas), and the folder `40K` of
photographs. The columns were read from public code that opens this file.

Other names are given with --column and --images.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.domain.errors import Unprocessable
from shared.events.interchange.files.csv_rows import csv_rows
from shared.events.interchange.files.json_rows import json_rows
from shared.events.interchange.values import Problem, Row
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.cases.from_ratings import cases_of_ratings
from training.evaluation.benchmark.public_data.cases.protocol import drawn_users
from training.evaluation.benchmark.public_data.layouts.columns import Columns, number_of, user_of
from training.evaluation.benchmark.public_data.request import Request
from training.evaluation.benchmark.public_data.values import (
    Place,
    Rating,
    UserCases,
    UserLeftOut,
)
from training.evaluation.benchmark.public_data.writing.image_store import find_image
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut


@dataclass(frozen=True)
class RatingLayout:
    """Where a data set has its columns and its images."""

    rows: Callable[[Path], Iterator[Row | Problem]]
    columns: Mapping[str, str]
    image_folders: Sequence[str]
    """Folders in which images are looked for, relative to that of the file."""


PAMELA: Final = RatingLayout(
    json_rows,
    {"user": "participant_id", "image": "image_path", "score": "original_score"},
    ("..", "../images", ".", "images"),
)
FLICKR_AES: Final = RatingLayout(
    csv_rows,
    {"user": "worker", "image": "imagePair", "score": "score"},
    ("40K", "FLICKR-AES-001/40K", "images", "."),
)


def cases_of_files(
    layout: RatingLayout, request: Request, left_out: LeftOut
) -> tuple[int, list[UserCases | UserLeftOut]]:
    """The number of rows, and the cases of each drawn user; raises `BadBenchmark`."""
    by_user: dict[str, list[Rating]] = defaultdict(list)
    count = 0
    for result in _ratings(layout, request):
        count += 1
        if isinstance(result, Rating):
            by_user[result.user].append(result)
        else:
            left_out.row(Place(result.file, result.line), result.reason, result.detail)
    if count and not by_user:
        sentence = left_out.sentences[0] if left_out.sentences else "there is none"
        raise BadBenchmark(
            f"no row of {', '.join(map(str, request.files))} can be used: {sentence}. Name the"
            " folder of the images with --images"
        )
    users = drawn_users(by_user, request.protocol)
    return count, [cases_of_ratings(u, by_user[u], request.protocol, left_out) for u in users]


def _ratings(layout: RatingLayout, request: Request) -> Iterator[Rating | Problem]:
    columns = Columns(layout.columns, request.columns)
    for file in request.files:
        folders = [request.images] if request.images else []
        folders = folders or [(file.parent / name).resolve() for name in layout.image_folders]
        paths: dict[str, str | Unprocessable] = {}
        checked = False
        for row in layout.rows(file):
            if isinstance(row, Problem):
                yield row
                continue
            if not checked:
                columns.check(row.fields, row.file)
                checked = True
            try:
                yield _rating(row, columns, folders, paths)
            except Unprocessable as error:
                yield Problem(row.file, row.line, error.reason, error.detail)


def _rating(
    row: Row, columns: Columns, folders: Sequence[Path], paths: dict[str, str | Unprocessable]
) -> Rating:
    fields = columns.read(row.fields)
    name = str(fields["image"] or "").strip()
    user, score = user_of(fields["user"]), number_of(fields["score"], what="score")
    if name not in paths:
        try:
            paths[name] = find_image(name, folders)
        except Unprocessable as error:
            paths[name] = error
    path = paths[name]
    if isinstance(path, Unprocessable):
        raise path
    return Rating(user, path, score, Place(row.file, row.line))
