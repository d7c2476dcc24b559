"""Answer a blind test by a file: which pictures are liked, and which is preferred in a pair."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from services.cli.study.dashboard import DashboardStudy


class BadAnswers(Exception):
    """The file of answers cannot be used; the text says why."""


class Answers(BaseModel):
    """The answers of a person, by the names of picture files."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    like: tuple[str, ...]
    """Pictures to like."""
    dislike: tuple[str, ...]
    """Pictures to dislike."""
    prefer: tuple[str, ...]
    """All other pictures, best first. In each pair the one that is named first is chosen."""


def read_answers(file: Path) -> Answers:
    """The answers of a JSON file; raises `BadAnswers`."""
    try:
        return Answers.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BadAnswers(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(map(str, problem["loc"])) or "the file"
        raise BadAnswers(f"{file}: {field}: {problem['msg']}") from error


def take(
    study: DashboardStudy, answers: Answers, *, on_progress: Callable[[str], None]
) -> dict[str, Any]:
    """Mark, choose in all pairs, and return the exported test; raises `BadAnswers`."""
    names = {name: picture for picture, name in study.state()["pictures"].items()}
    unknown = [name for name in (*answers.like, *answers.dislike) if name not in names]
    if unknown:
        raise BadAnswers(f"{unknown[0]} is not a picture of this test")
    unplaced = sorted(names.keys() - {*answers.like, *answers.dislike, *answers.prefer})
    if unplaced:
        raise BadAnswers(f"{unplaced[0]} is in none of like, dislike and prefer")
    for side, chosen in (("liked", answers.like), ("disliked", answers.dislike)):
        for name in chosen:
            study.mark(names[name], side)
    on_progress("predicting all pairs")
    study.predict()
    places = {name: place for place, name in enumerate(answers.prefer)}
    while (state := study.state())["step"] == "compare":
        left, right = (places[state["pair"][side]] for side in ("left", "right"))
        study.choose(state["number"], "left" if left < right else "right")
    return study.export()
