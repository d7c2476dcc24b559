"""Arrange images of the catalog as rows and lines to print."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id, Line
from shared.domain.taste import ELEMENTS
from shared.images.display_name import short

MAX_WORDS_CHARACTERS: Final = 60
OPTIONAL: Final = (
    "author_id", "created_at", "available_from", "available_until", "published_at", "indexed_at",
    "model_version",
)  # fmt: skip


def images_table(images: Sequence[Mapping[str, Any]]) -> Listing:
    """Id, status, author, tags and words of each image."""
    return Listing(
        (
            Column("image", "id"),
            Column("status"),
            Column("author"),
            Column("tags", "text"),
            Column("words", "text", max_characters=MAX_WORDS_CHARACTERS),
        ),
        [
            [
                image["image_id"],
                image["status"],
                image["author_id"] or "",
                ", ".join(image["tags"]),
                _words(image),
            ]
            for image in images
        ],
    )


def image_lines(image: Mapping[str, Any]) -> list[Line]:
    """Everything about one image, a line each."""
    lines: list[Line] = [
        [("image: ", "bold"), Id(image["image_id"])],
        [("status: ", "bold"), image["status"]],
        [("address: ", "bold"), Id(short(image["uri"]))],
    ]
    lines += [
        [(f"{name.replace('_', ' ')}: ", "bold"), Id(image[name])]
        for name in OPTIONAL
        if image[name] is not None
    ]
    if image["tags"]:
        lines.append([("tags: ", "bold"), ", ".join(image["tags"])])
    for name, value in image["metadata"].items():
        lines.append([("metadata ", "bold"), Id(name), f": {value}"])
    lines += [
        [(f"{element.label}: ", "bold"), ", ".join(words)]
        for element in ELEMENTS
        if (words := image["words"].get(element.value))
    ]
    if image["subject_words"]:
        lines.append([("subject: ", "bold"), ", ".join(image["subject_words"])])
    if (failure := image["failure"]) is not None:
        lines.append([("failure: ", "bold red"), f"{failure['reason']}: {failure['detail']}"])
    return lines


def _words(image: Mapping[str, Any]) -> str:
    if image["failure"] is not None:
        return str(image["failure"]["reason"])
    words = [word for element in ELEMENTS for word in image["words"].get(element.value, ())]
    return ", ".join([*words, *image["subject_words"]])
