"""Read cases and examples from JSON lines, as a training job writes them from feedback.

A case: {"liked": [FILE, ...], "disliked": [...], "better": FILE, "worse": FILE, "profile": SIDES,
"truth": SIDES or null, "weight": 1.0}, where SIDES is {"likes": {"color": ["red"], ...},
"dislikes": {...}}. If several pairs of the user judge a predicted profile, also
"judged_by": [{"better": FILE, "worse": FILE}, ...].

An example: {"ask": "predict", "liked": 5, "disliked": 5, "images": [FILE, ...], "answer":
"Likes ..."}. "ask" is the task; "describe" needs only "images" and "answer", "score" and "explain"
also need "profile". Paths are relative to the folder of the JSON file.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.domain.taste import Element
from shared.images.decoding.image_file import read_image
from shared.prompting import prompt
from shared.prompting.prompt import Prompt
from shared.vlm.protocol import References
from training.finetuning.data.cases import Case, Example, Pair
from training.rewards.prediction import Sides


class BadCases(Exception):
    """A file of cases cannot be used; the text names the line and the problem."""


def read_cases(file: Path, *, most: int) -> Iterator[Case]:
    """At most `most` cases; raises `BadCases`."""
    for number, payload in _lines(file, most=most):
        with _Line(file, number):
            yield _case(payload, file.parent)


def read_examples(file: Path, *, most: int) -> Iterator[Example]:
    """At most `most` examples; raises `BadCases`."""
    for number, payload in _lines(file, most=most):
        with _Line(file, number):
            yield _example(payload, file.parent)


def true_words(file: Path) -> dict[Element, set[str]]:
    """All words of the true profiles of a file of cases, by element; raises `BadCases`."""
    words: dict[Element, set[str]] = {}
    for number, payload in _lines(file, most=sys.maxsize):
        with _Line(file, number):
            if payload.get("truth"):
                truth = Sides.read(payload["truth"])
                for element, named in (*truth.likes.items(), *truth.dislikes.items()):
                    words.setdefault(element, set()).update(named)
    return words


class _Line:
    """Adds file and line number to the errors of a block."""

    def __init__(self, file: Path, number: int) -> None:
        self._place = f"{file}, line {number}"

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, KeyError):
            raise BadCases(f"{self._place} has no {error}") from error
        if isinstance(error, (ValueError, TypeError, AttributeError, OSError)):
            raise BadCases(f"{self._place}: {error}") from error


def _lines(file: Path, *, most: int) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        opened = file.open(encoding="utf-8")
    except OSError as error:
        raise BadCases(f"{file} cannot be read: {error.strerror}") from error
    with opened:
        for number, line in enumerate(opened, start=1):
            if number > most:
                return
            if line.strip():
                with _Line(file, number):
                    yield number, json.loads(line)


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
        weight=float(payload.get("weight", 1.0)),
        judged_by=tuple(_pair(pair, folder) for pair in payload.get("judged_by", [])),
    )


def _pair(payload: dict[str, Any], folder: Path) -> Pair:
    return Pair(_image(payload["better"], folder), _image(payload["worse"], folder))


def _example(payload: dict[str, Any], folder: Path) -> Example:
    question, images = _prompt(payload), _images(payload["images"], folder)
    if question.image_count != len(images):
        raise ValueError(f"{payload['ask']} takes {question.image_count} images, not {len(images)}")
    return Example(question.messages(), str(payload["answer"]), images)


def _prompt(payload: dict[str, Any]) -> Prompt:
    match payload["ask"]:
        case "predict":
            return prompt.predict(liked=int(payload["liked"]), disliked=int(payload["disliked"]))
        case "describe":
            return prompt.describe()
        case "score" | "explain" as task:
            sides = Sides.read(payload["profile"])
            build = prompt.score if task == "score" else prompt.explain
            return build(sides.likes, sides.dislikes)
        case other:
            raise ValueError(f'"ask" is {other!r}; expected predict, describe, score or explain')


def _images(names: list[str], folder: Path) -> tuple[Image, ...]:
    return tuple(_image(name, folder) for name in names)


def _image(name: str, folder: Path) -> Image:
    try:
        return read_image(folder / name)
    except Unprocessable as error:
        raise ValueError(error.detail) from error
