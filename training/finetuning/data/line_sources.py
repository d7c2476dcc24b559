"""Read the lines of training files: JSON lines, a JSON list, or a folder of PreferImg-Bench."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from shared.domain.errors import Unprocessable
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.reader import find_sets, read_rows

SHOWN: Final = 5
"""Sentences about skipped rows: enough to see what is wrong."""
IMAGES: Final = "images"
"""Folder of the images next to a file of the released format, where no other is configured."""
ItemT = TypeVar("ItemT")


class BadCases(Exception):
    """A file of cases cannot be used; the text names the line and the problem."""


@dataclass(frozen=True)
class Line:
    """One row of a file, where it is, and the folders in which its images can be."""

    place: str
    payload: dict[str, Any]
    folders: tuple[Path, ...]

    @property
    def own_folder(self) -> Path:
        """The folder to which our own rows are relative."""
        return self.folders[-1]

    def path(self, name: str) -> str:
        """The file of an image of a released row; raises `ValueError` for one outside."""
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"{name} is not in {self.folders[0]}; name images relative to it")
        files = [folder / name for folder in self.folders]
        return str(next((file for file in files if file.is_file()), files[0]).absolute())


@dataclass
class BadRows:
    """Refuses the first bad row, or counts bad rows by reason and skips them."""

    skip: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)

    def add(self, place: str, error: Exception) -> None:
        """Raises `BadCases` unless bad rows are skipped."""
        sentence = f"{place} has no {error}" if isinstance(error, KeyError) else f"{place}: {error}"
        if not self.skip:
            raise BadCases(sentence) from error
        self.counts[_kind(error)] += 1
        if len(self.sentences) < SHOWN:
            self.sentences.append(sentence)

    @property
    def summary(self) -> str:
        """How many rows are skipped and why; empty without any."""
        if not self.counts:
            return ""
        reasons = ", ".join(f"{count} {kind}" for kind, count in self.counts.most_common())
        return f"{self.counts.total()} rows are skipped: {reasons}. {'; '.join(self.sentences)}"


def read_lines(
    sources: Sequence[Path], images: Sequence[Path] = (), *, most: int, bad_rows: BadRows
) -> Iterator[Line]:
    """At most `most` rows of all sources, in their order; raises `BadCases`.

    `images` names the folder of the images: one for all sources, or one for each.
    """
    if len(images) not in (0, 1, len(sources)):
        raise BadCases(
            f"data.images names {len(images)} folders for {len(sources)} sources: name one folder,"
            " or one for each source"
        )
    missing = next((folder for folder in images if not folder.is_dir()), None)
    if missing is not None:
        raise BadCases(f"{missing} of data.images is no folder")
    left = most
    for number, source in enumerate(sources):
        own = images[number] if len(images) > 1 else images[0] if images else None
        for line in _lines(source, own, bad_rows):
            if left == 0:
                return
            left -= 1
            yield line


def build_each(
    lines: Iterable[Line], build: Callable[[Line], Iterable[ItemT]], bad_rows: BadRows
) -> Iterator[ItemT]:
    """What `build` makes of each line; its errors go to `bad_rows`."""
    for line in lines:
        try:
            items = list(build(line))
        except (KeyError, ValueError, TypeError, AttributeError, OSError) as error:
            bad_rows.add(line.place, error)
            continue
        yield from items


def report_skipped(bad_rows: BadRows) -> None:
    """Print on standard error what was skipped, if anything was."""
    if bad_rows.summary:
        print(bad_rows.summary, file=sys.stderr, flush=True)


def _lines(source: Path, images: Path | None, bad_rows: BadRows) -> Iterator[Line]:
    if source.is_dir():
        yield from _sets(source, images, bad_rows)
    elif _holds_list(source):
        yield from _list(source, images, bad_rows)
    else:
        yield from _json_lines(source, images, bad_rows)


def _json_lines(file: Path, images: Path | None, bad_rows: BadRows) -> Iterator[Line]:
    with _opened(file) as rows:
        for number, text in enumerate(rows, start=1):
            if not text.strip():
                continue
            place = f"{file}, line {number}"
            try:
                payload = json.loads(text)
            except ValueError as error:
                bad_rows.add(place, ValueError(f"it is not JSON: {error}"))
                continue
            yield from _one(place, payload, _folders(file, images), bad_rows)


def _list(file: Path, images: Path | None, bad_rows: BadRows) -> Iterator[Line]:
    try:
        rows = read_rows(file)
    except BadBenchmark as error:
        raise BadCases(str(error)) from error
    for number, row in enumerate(rows):
        yield from _one(f"{file}[{number}]", row, _folders(file, images), bad_rows)


def _sets(folder: Path, images: Path | None, bad_rows: BadRows) -> Iterator[Line]:
    try:
        files = find_sets(folder)
    except BadBenchmark as error:
        raise BadCases(str(error)) from error
    for file in files:
        yield from _list(file, images, bad_rows)


def _one(place: str, payload: Any, folders: tuple[Path, ...], bad_rows: BadRows) -> Iterator[Line]:
    if isinstance(payload, dict):
        yield Line(place, payload, folders)
    else:
        bad_rows.add(place, TypeError(f"it is a {type(payload).__name__}, not an object"))


def _folders(file: Path, images: Path | None) -> tuple[Path, ...]:
    return (images,) if images is not None else (file.parent / IMAGES, file.parent)


def _holds_list(file: Path) -> bool:
    """Whether the first character of a file opens a list."""
    with _opened(file) as rows:
        return next((text.lstrip()[0] for text in rows if text.strip()), "") == "["


def _opened(file: Path) -> Any:
    try:
        return file.open(encoding="utf-8-sig", errors="strict")
    except OSError as error:
        raise BadCases(f"{file} cannot be read: {error.strerror}") from error


def _kind(error: Exception) -> str:
    """The reason of a skipped row in a few words, to be counted."""
    cause = error.__cause__
    if isinstance(cause, Unprocessable):
        return cause.reason.replace("_", " ")
    return "with a missing field" if isinstance(error, KeyError) else "with a wrong value"
