"""Read PreferImg-Bench and PreferThinker's training rows: the user's references are in the data.

Layout (arXiv 2511.00609; github.com/Shengqi77/PreferThinker): rows as
`training.finetuning.data.released_rows` describes them, in `data/<SET>/<SET>.json` with the folder
`images` (ZhouSimple/PreferImg-Bench), or in a JSON list or JSON lines of training rows
(ZhouSimple/PreferThinker-Dataset). A user of several rows keeps the references of one of them, and
a pair with an image among these references is left out.
"""

import hashlib
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.cases.protocol import draw, drawn_users
from training.evaluation.benchmark.public_data.request import Request
from training.evaluation.benchmark.public_data.values import (
    JudgedPair,
    UserCases,
    UserLeftOut,
)
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut
from training.finetuning.data import released_rows
from training.finetuning.data.line_sources import (
    BadCases,
    BadRows,
    Line,
    build_each,
    read_lines,
)

TRUTH: Final = ("prefer_attributes", "non_prefer_attributes")
"""Fields of a training row that hold the user's true profile."""


@dataclass(frozen=True)
class _Row:
    user: str
    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    pair: JudgedPair
    extra: dict[str, Any]


class _ReportedRows(BadRows):
    """Reports each bad row with its reason instead of counting it by kind."""

    def __init__(self, left_out: LeftOut) -> None:
        super().__init__(skip=True)
        self._left_out = left_out

    def add(self, place: str, error: Exception) -> None:
        detail = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        reason = str(getattr(error, "reason", "")) or "bad_row"
        self._left_out.row(place, reason, detail)


class _MissingImage(ValueError):
    reason = "missing_image"


def cases_of_files(
    request: Request, left_out: LeftOut
) -> tuple[int, list[UserCases | UserLeftOut]]:
    """The number of rows, and the cases of each drawn user; raises `BadBenchmark`."""
    images = [request.images] if request.images else []
    reported = _ReportedRows(left_out)
    by_user: dict[str, list[_Row]] = defaultdict(list)
    try:
        lines = read_lines(request.files, images, most=sys.maxsize, bad_rows=reported)
        for row in build_each(lines, lambda line: [_row(line)], reported):
            by_user[row.user].append(row)
    except BadCases as error:
        raise BadBenchmark(str(error)) from error
    count = sum(map(len, by_user.values())) + left_out.rows.total()
    if count and not by_user:
        raise BadBenchmark(f"no row can be used: {left_out.sentences[0]}")
    users = drawn_users(by_user, request.protocol)
    return count, [_cases(user, by_user[user], request, left_out) for user in users]


def _row(line: Line) -> _Row:
    if not released_rows.is_released(line.payload):
        raise ValueError("it is no row of PreferImg-Bench or PreferThinker: it has no imageA")
    case = released_rows.to_case(line.payload, line.path)
    liked, disliked = tuple(case["liked"]), tuple(case["disliked"])
    missing = next(
        (f for f in (*liked, *disliked, case["better"], case["worse"]) if not Path(f).is_file()),
        None,
    )
    if missing is not None:
        raise _MissingImage(f"{missing} is missing")
    references = "|".join((*liked, ">", *disliked))
    # Rows of the benchmark have no user: the same references are the same user.
    unnamed = f"references-{hashlib.sha256(references.encode()).hexdigest()[:12]}"
    user = str(line.payload.get("user_id") or unnamed)
    extra = {name: line.payload[name] for name in TRUTH if line.payload.get(name)}
    pair = JudgedPair(case["better"], case["worse"], line.place)
    return _Row(user, liked, disliked, pair, extra)


def _cases(
    user: str, rows: list[_Row], request: Request, left_out: LeftOut
) -> UserCases | UserLeftOut:
    rows = sorted(rows, key=lambda r: (r.liked, r.disliked, r.pair.better, r.pair.worse))
    count, first = request.protocol.references, rows[0]
    liked, disliked = first.liked[:count], first.disliked[:count]
    if not liked and not disliked:
        return UserLeftOut(user, "too_few_references", "the rows have no reference image")
    pairs = _consistent([row.pair for row in rows], left_out)
    seed = request.protocol.seed
    kept = sorted(pairs, key=lambda p: (draw(seed, user, "pair", p.better, p.worse), p.better))[
        : request.protocol.pairs
    ]
    return UserCases(user, liked, disliked, tuple(kept), first.extra)


def _consistent(pairs: list[JudgedPair], left_out: LeftOut) -> list[JudgedPair]:
    """Each pair once; none of the pairs that rows answer differently."""
    by_images: dict[frozenset[str], list[JudgedPair]] = defaultdict(list)
    for pair in pairs:
        by_images[frozenset((pair.better, pair.worse))].append(pair)
    kept: list[JudgedPair] = []
    for same in by_images.values():
        if len({pair.better for pair in same}) > 1:
            for pair in same:
                detail = "rows of this user answer this pair differently"
                left_out.row(pair.place, "contradicting_choices", detail)
            continue
        kept.append(same[0])
        for pair in same[1:]:
            left_out.row(pair.place, "repeated_row", "the same pair is in an earlier row")
    return kept
