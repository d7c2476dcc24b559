"""Turn rows of PreferThinker's training files and of PreferImg-Bench into cases and examples.

A row names two candidates (`imageA`, `imageB`), the references (`prefered_images` and
`non_prefered_images`, spelled so), the chosen candidate in `conversations`, and in training rows
the true profiles (`prefer_attributes`, `non_prefer_attributes`), `user_id` and
`reference_prompt_list`. The result has the fields of our own lines (`case_files`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from shared.domain.taste import ELEMENTS
from shared.prompting import parser, prompt
from shared.prompting.parser.comparison import LABELS, Label
from training.finetuning.data.released_attributes import Words, parse_attributes

REFERENCES: Final = 5
"""The first images of a side that are used, as in the paper's released code."""
Line = dict[str, Any]
ToPath = Callable[[str], str]
"""The path of an image from its name in the row."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    value: str = Field(validation_alias=AliasChoices("value", "content"))


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    image_a: str = Field(alias="imageA", min_length=1)
    image_b: str = Field(alias="imageB", min_length=1)
    liked: tuple[str, ...] = Field(
        default=(), validation_alias=AliasChoices("prefered_images", "preferred_images")
    )
    disliked: tuple[str, ...] = Field(
        default=(), validation_alias=AliasChoices("non_prefered_images", "non_preferred_images")
    )
    conversations: tuple[_Message, ...] = Field(min_length=1)
    prefer_attributes: Any = None
    non_prefer_attributes: Any = None


def is_released(payload: Mapping[str, Any]) -> bool:
    """Whether a line is in the released format rather than in our own."""
    return "imageA" in payload or "conversations" in payload


def to_case(payload: Mapping[str, Any], path: ToPath) -> Line:
    """A case in our own fields; raises `ValueError`.

    `truth` is None where the attributes of a side are missing: they are unknown, not empty.
    """
    row = _read(payload)
    images = {"A": path(row.image_a), "B": path(row.image_b)}
    chosen = _chosen(row.conversations)
    sides = _sides(row)
    return {
        "liked": _paths(row.liked, path),
        "disliked": _paths(row.disliked, path),
        "better": images[chosen],
        "worse": images[_other(chosen)],
        "truth": _as_json(*sides) if sides and all(sides) else None,
        "profile": _shown(*sides) if sides else None,
    }


def to_examples(payload: Mapping[str, Any], path: ToPath) -> list[Line]:
    """Examples in our own fields; raises `ValueError`.

    The attributes give a prediction. An answer that gives each element of a candidate its score
    gives a score of that candidate. A row with neither gives the comparison of its candidates.
    """
    row = _read(payload)
    chosen, sides = _chosen(row.conversations), _sides(row)
    liked, disliked = _paths(row.liked, path), _paths(row.disliked, path)
    counts = {"liked": len(liked), "disliked": len(disliked)}
    references = [*liked, *disliked]
    candidates = {"A": path(row.image_a), "B": path(row.image_b)}
    lines: list[Line] = []
    if sides and all(sides) and references:
        answer = prompt.taste_lines(*(_first_words(side) for side in sides))
        lines.append({"ask": "predict", **counts, "images": references, "answer": answer})
    if sides:
        digits = parser.parse_comparison(row.conversations[-1].value).digits
        lines += [
            {
                "ask": "score", "profile": _shown(*sides), "images": [candidates[label]],
                "answer": prompt.score_line(digits[label]),
            }
            for label in LABELS
            if len(digits[label]) == len(ELEMENTS)
        ]  # fmt: skip
    if not lines:
        images = [*references, candidates["A"], candidates["B"]]
        answer = prompt.answer_line(chosen)
        lines.append({"ask": "compare", **counts, "images": images, "answer": answer})
    return lines


def _read(payload: Mapping[str, Any]) -> _Row:
    try:
        return _Row.model_validate(payload)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise ValueError(f"it has no {place}") from error
        raise ValueError(f"{place}: {first['msg']}") from error


def _chosen(messages: Sequence[_Message]) -> Label:
    """The preferred candidate: in the last message that names one, and there the last answer."""
    for message in reversed(messages):
        bare = re.sub(r"</?answer>", "", message.value, flags=re.IGNORECASE).strip()
        whole = re.fullmatch(r"(?:image[\s_]*)?([AB])\W*", bare, re.IGNORECASE)
        if whole:
            return "A" if whole[1].upper() == "A" else "B"
        choice = parser.parse_comparison(message.value).choice
        if choice is not None:
            return choice
    value = messages[-1].value.strip()
    raise ValueError(
        f"conversations names no preferred image: {value[:40]!r}; expected"
        " <answer>Image A</answer> or <answer>Image B</answer>"
    )


def _other(label: Label) -> Label:
    return "B" if label == "A" else "A"


def _sides(row: _Row) -> tuple[Words, Words] | None:
    likes = _attributes("prefer_attributes", row.prefer_attributes)
    dislikes = _attributes("non_prefer_attributes", row.non_prefer_attributes)
    return (likes, dislikes) if likes or dislikes else None


def _attributes(name: str, value: Any) -> Words:
    try:
        return parse_attributes(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _first_words(side: Words) -> Words:
    """The words that a prompt of serving shows."""
    return {element: words[: prompt.WORDS_SHOWN] for element, words in side.items()}


def _as_json(likes: Words, dislikes: Words) -> Line:
    return {
        name: {element.value: list(words) for element, words in side.items()}
        for name, side in (("likes", likes), ("dislikes", dislikes))
    }


def _shown(likes: Words, dislikes: Words) -> Line:
    return _as_json(_first_words(likes), _first_words(dislikes))


def _paths(names: Sequence[str], path: ToPath) -> list[str]:
    return [path(name) for name in names[:REFERENCES]]
