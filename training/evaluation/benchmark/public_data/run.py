"""Import public data set by set: read, make cases, store images, check, and write."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.jobs.benchmark_import import BenchmarkImport, ImportedSet
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.cases.checked_cases import Least, checked
from training.evaluation.benchmark.public_data.layouts.formats import Format
from training.evaluation.benchmark.public_data.request import Request
from training.evaluation.benchmark.public_data.values import UserCases, UserLeftOut
from training.evaluation.benchmark.public_data.writing.feedback_events import EventWriter
from training.evaluation.benchmark.public_data.writing.image_store import ImageStore
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut
from training.evaluation.benchmark.public_data.writing.set_writer import write_rows

SUMMARY: Final = "summary.json"
"""Written last: a folder without it is unfinished, or not ours."""
EVENTS: Final = "events.jsonl"
LEFT_OUT: Final = "left_out.jsonl"


def import_public_data(
    format: Format, request: Request, *, now: datetime, say: Callable[[str], None]
) -> BenchmarkImport:
    """Write every set of the request; raises `BadBenchmark` where a set has no usable pair."""
    sets = format.sets(request)
    for name in sets:
        _check_name(name, request.out / "data" / name)
    written = [_write_set(format, name, r, now=now, say=say) for name, r in sets.items()]
    return BenchmarkImport(out=str(request.out.absolute()), sets=tuple(written))


def _check_name(name: str, folder: Path) -> None:
    if Path(name).name != name or name.startswith(".") or name == Path(SUMMARY).stem:
        raise BadBenchmark(f"{name!r} cannot name a set; choose another name with --set")
    if folder.exists() and any(folder.iterdir()) and not (folder / SUMMARY).is_file():
        raise BadBenchmark(
            f"{folder} holds files that no import has written; name another folder with --out"
        )


def _write_set(
    format: Format, name: str, request: Request, *, now: datetime, say: Callable[[str], None]
) -> ImportedSet:
    """A set in a folder of its own, completely or not at all."""
    folder = request.out / "data" / name
    partial = folder.with_name(f".{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with (partial / LEFT_OUT).open("w", encoding="utf-8") as file:
            left_out = LeftOut(file)
            rows, users, images = _cases(format, name, request, partial, left_out, say)
        if not users:
            raise BadBenchmark(_nothing(name, rows, left_out))
        write_rows(partial / f"{name}.json", users, seed=request.protocol.seed)
        events = _write_events(partial / EVENTS, name, folder / "images", users, request, now)
        summary = ImportedSet(
            name=name, format=format.name, folder=str(folder.absolute()), rows=rows,
            users=len(users), pairs=sum(len(user.pairs) for user in users), images=images,
            rows_left_out=dict(left_out.rows.most_common()),
            pairs_left_out=dict(left_out.pairs.most_common()),
            users_left_out=dict(left_out.users.most_common()),
            sentences=tuple(left_out.sentences), protocol=request.protocol.as_json(),
            files=tuple(map(str, request.files)), source=format.source, licence=format.licence,
            events=events, tenant=request.tenant,
        )  # fmt: skip
        (partial / SUMMARY).write_text(summary.model_dump_json(indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return summary


def _cases(
    format: Format, name: str, request: Request, folder: Path, left_out: LeftOut,
    say: Callable[[str], None],
) -> tuple[int, list[UserCases], int]:  # fmt: skip
    """The number of rows, the usable cases with the files of their images, and those files."""
    say(f"{name}: reading rows")
    rows, results = format.read(request, left_out)
    read: list[UserCases] = []
    for result in results:
        if isinstance(result, UserLeftOut):
            left_out.user(result)
        else:
            read.append(result)
    say(f"{name}: storing the images of {len(read)} users")
    store = ImageStore(folder / "images")
    format.load(request, {image for cases in read for image in cases.images}, store)
    wanted = request.protocol.references
    least = Least(wanted, wanted if format.needs_references else 0)
    users: list[UserCases] = []
    for cases in read:
        result = checked(cases, store, least, left_out)
        if isinstance(result, UserLeftOut):
            left_out.user(result)
        else:
            users.append(result)
    used = {image for user in users for image in user.images}
    store.keep(used)
    return rows, users, len(used)


def _write_events(
    file: Path, name: str, images: Path, users: list[UserCases], request: Request, now: datetime
) -> int:
    """One line an event: its topic, its phase, and itself; returns the number of lines."""
    writer = EventWriter(
        name, images, tenant=request.tenant, seed=request.protocol.seed, now=now
    )  # fmt: skip
    count = 0
    with file.open("w", encoding="utf-8") as lines:
        for phase, events in (
            ("references", writer.references(users)), ("pairs", writer.pairs(users)),
        ):  # fmt: skip
            for event in events:
                line = {
                    "topic": event.event_type, "phase": phase,
                    "event": event.model_dump(mode="json"),
                }  # fmt: skip
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
    return count


def _nothing(name: str, rows: int, left_out: LeftOut) -> str:
    counts = (left_out.rows + left_out.pairs + left_out.users).most_common()
    reasons = ", ".join(f"{reason} {count}" for reason, count in counts) or "the files are empty"
    first = f". {left_out.sentences[-1]}" if left_out.sentences else ""
    return f"no case of {name} can be made from {rows} rows: {reasons}{first}"
