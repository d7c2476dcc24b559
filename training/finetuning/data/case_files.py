"""Read cases and examples from files: our own JSON lines, or the released format of the paper.

A case: {"liked": [FILE, ...], "disliked": [...], "better": FILE, "worse": FILE, "profile": SIDES,
"truth": SIDES or null, "weight": 1.0}, where SIDES is {"likes": {"color": ["red"], ...},
"dislikes": {...}}. If several pairs of the user judge a predicted profile, also
"judged_by": [{"better": FILE, "worse": FILE, "weight": 1.0}, ...]; with
"tasks": ["predict"] the case is used for these tasks only.

An example: {"ask": "predict", "liked": 5, "disliked": 5, "images": [FILE, ...], "answer":
"Likes ..."}. "ask" is the task; "describe" needs only "images" and "answer", "score" and "explain"
also need "profile", and the images of "compare" end with both candidates. In place of "answer" a
line can have its values: "taste" (SIDES), "words", "digits" and "rationales" by element. An answer
in the compact layout is rewritten for another prompt style (`example_lines`). Paths are relative to
the folder of the JSON file, or to a folder of images that the configuration names.

A pair of profiles, for DPO: {"liked": [FILE, ...], "disliked": [...], "better": SIDES, "worse":
SIDES, "weight": 1.0}.

Rows of PreferThinker's training files and of PreferImg-Bench (`released_rows`) are cases, and give
examples.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.domain.taste import Element
from shared.images.decoding.image_file import read_image
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from shared.vlm.protocol import References
from training.finetuning.data import released_rows
from training.finetuning.data.cases import Case, Example, Pair, ProfilePair
from training.finetuning.data.example_lines import example_of
from training.finetuning.data.line_sources import BadCases, BadRows, Line, build_each, read_lines
from training.rewards.prediction import Sides

__all__ = ["BadCases", "read_cases", "read_examples", "read_profile_pairs", "true_words"]
Sources = Path | Sequence[Path]
"""One file or folder, or several."""


def read_cases(
    sources: Sources, *, most: int, images: Sources = (), bad_rows: BadRows | None = None
) -> Iterator[Case]:
    """The cases of at most `most` rows; raises `BadCases`."""
    return _each(sources, images, most, bad_rows, lambda line: [_case(*_case_line(line))])


def read_examples(
    sources: Sources,
    *,
    most: int,
    images: Sources = (),
    bad_rows: BadRows | None = None,
    style: PromptStyle = COMPACT,
) -> Iterator[Example]:
    """The examples of at most `most` rows, in the style to train; raises `BadCases`."""
    return _each(sources, images, most, bad_rows, lambda line: _examples(line, style))


def read_profile_pairs(
    sources: Sources, *, most: int, images: Sources = (), bad_rows: BadRows | None = None
) -> Iterator[ProfilePair]:
    """The pairs of profiles of at most `most` rows; raises `BadCases`."""
    return _each(
        sources, images, most, bad_rows,
        lambda line: [_profile_pair(line.payload, line.own_folder)],
    )  # fmt: skip


def true_words(
    sources: Sources, *, images: Sources = (), skip_bad_rows: bool = False
) -> dict[Element, set[str]]:
    """All words of the true profiles of cases, by element; raises `BadCases`."""
    words: dict[Element, set[str]] = {}
    truths = _each(sources, images, sys.maxsize, BadRows(skip=skip_bad_rows), _truth)
    for truth in truths:
        for element, named in (*truth.likes.items(), *truth.dislikes.items()):
            words.setdefault(element, set()).update(named)
    return words


def _each(
    sources: Sources, images: Sources, most: int, bad_rows: BadRows | None, build: Any
) -> Iterator[Any]:
    bad_rows = bad_rows or BadRows()
    lines = read_lines(_paths(sources), _paths(images), most=most, bad_rows=bad_rows)
    read = False
    for item in build_each(lines, build, bad_rows):
        read = True
        yield item
    if bad_rows.counts and not read:
        raise BadCases(f"no row can be used. {bad_rows.summary}")


def _paths(paths: Sources) -> tuple[Path, ...]:
    return (paths,) if isinstance(paths, Path) else tuple(paths)


def _case_line(line: Line) -> tuple[dict[str, Any], Path]:
    """A case in our own fields, and the folder of its images."""
    if released_rows.is_released(line.payload):
        return released_rows.to_case(line.payload, line.path), line.own_folder
    return line.payload, line.own_folder


def _examples(line: Line, style: PromptStyle) -> list[Example]:
    rows = [line.payload]
    if released_rows.is_released(line.payload):
        rows = released_rows.to_examples(line.payload, line.path)
    return [_example(row, line.own_folder, style) for row in rows]


def _truth(line: Line) -> list[Sides]:
    payload, _ = _case_line(line)
    return [Sides.read(payload["truth"])] if payload.get("truth") else []


def _case(payload: dict[str, Any], folder: Path) -> Case:
    liked, disliked = payload.get("liked", []), payload.get("disliked", [])
    truth, profile = payload.get("truth"), payload.get("profile")
    known = Sides.read(truth) if truth else None
    return Case(
        references=References(_images(liked, folder), _images(disliked, folder))
        if liked or disliked
        else None,
        pair=_pair(payload, folder),
        truth=known,
        profile=Sides.read(profile) if profile else known,
        weight=_weight(payload),
        judged_by=_judged_by(payload.get("judged_by", []), folder),
        tasks=tuple(payload.get("tasks", ())),
    )


def _judged_by(payload: list[dict[str, Any]], folder: Path) -> tuple[Pair, ...]:
    """The pairs that judge a profile; an image of several pairs is read once."""
    names = dict.fromkeys(pair[side] for pair in payload for side in ("better", "worse"))
    images = {name: _image(name, folder) for name in names}
    return tuple(
        Pair(images[pair["better"]], images[pair["worse"]], weight=_weight(pair))
        for pair in payload
    )


def _pair(payload: dict[str, Any], folder: Path) -> Pair:
    return Pair(
        _image(payload["better"], folder),
        _image(payload["worse"], folder),
        weight=_weight(payload),
    )


def _profile_pair(payload: dict[str, Any], folder: Path) -> ProfilePair:
    liked, disliked = (_images(payload.get(side, []), folder) for side in ("liked", "disliked"))
    if not liked and not disliked:
        raise ValueError("no references: a profile is predicted from liked or disliked images")
    better, worse = (Sides.read(payload[side]) for side in ("better", "worse"))
    if better == worse:
        raise ValueError("both profiles are equal: one must be better")
    return ProfilePair(References(liked, disliked), better, worse, _weight(payload))


def _weight(payload: dict[str, Any]) -> float:
    weight = float(payload.get("weight", 1.0))
    if not 0 <= weight < float("inf"):
        raise ValueError(f'"weight" is {weight}; expected a finite number from 0')
    return weight


def _example(payload: dict[str, Any], folder: Path, style: PromptStyle) -> Example:
    return example_of(payload, _images(payload["images"], folder), style)


def _images(names: list[str], folder: Path) -> tuple[Image, ...]:
    return tuple(_image(name, folder) for name in names)


def _image(name: str, folder: Path) -> Image:
    try:
        return read_image(folder / name)
    except Unprocessable as error:
        raise ValueError(error.detail) from error
