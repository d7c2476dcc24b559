"""Write the page of the demo: references, tastes, feeds and the dead letter, with pictures."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from services.cli.output.subjects import subject_row
from shared.domain.subjects.words import Subjects
from shared.domain.taste import ELEMENTS, Taste, TasteSide
from shared.events import RankedFeed, RankedItem
from shared.events.types.evidence import EvidenceReference
from shared.images.decoding.image_file import read_small_image

THUMBNAIL_PIXELS = 320
REFERENCE_PIXELS = 56
"""Of a reference in the evidence, which is shown at half this size."""
SUBJECT = "subject"


@dataclass(frozen=True)
class Picture:
    name: str
    source: str


@dataclass(frozen=True)
class TasteRow:
    element: str
    preference: tuple[str, ...]
    non_preference: tuple[str, ...]


@dataclass(frozen=True)
class ElementRow:
    name: str
    score: str
    percent: int
    rationale: str | None


@dataclass(frozen=True)
class Card:
    """One image of a feed: its rank, its scores and its rationales."""

    name: str
    source: str
    rank: int
    score: str
    elements: tuple[ElementRow, ...]
    move: str
    is_wanted: bool | None
    """Whether the user likes it by its source; None when that is not known."""
    shows: str
    """Words for what the image shows; empty where the encoder is not sure."""
    evidence: str
    """What speaks for and against the image, in one sentence; empty when there is nothing."""
    supports: tuple[Picture, ...]
    """References that raise the score, small."""
    against: tuple[Picture, ...]
    """References that lower it."""

    @property
    def parts(self) -> str:
        """The parts of the score in a few words."""
        names = [row.name for row in self.elements]
        return "Look and subject" if SUBJECT in names else "Look"


@dataclass(frozen=True)
class Section:
    """One section of the page; empty fields are not shown."""

    title: str
    text: str = ""
    level: int = 3
    """Of its heading: 2 for a chapter, 4 for a part of a section."""
    pictures: tuple[Picture, ...] = ()
    taste: tuple[TasteRow, ...] = ()
    cards: tuple[Card, ...] = ()
    lines: tuple[str, ...] = ()


def picture(path: Path, *, side: int = THUMBNAIL_PIXELS) -> Picture:
    """A thumbnail of an image file, as a `data:` URI for the page."""
    small = read_small_image(path, side=side)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=85)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(path.name, f"data:image/webp;base64,{encoded}")


def taste_rows(taste: Taste, subjects: Subjects | None = None) -> tuple[TasteRow, ...]:
    """The words of each element, and of the subject where something is known about it."""
    rows = [
        TasteRow(e.label, _words(taste.preference, e), _words(taste.non_preference, e))
        for e in ELEMENTS
    ]
    if subjects is not None:
        name, likes, dislikes = subject_row(subjects)
        rows.append(TasteRow(name, (likes,), (dislikes,)))
    return tuple(rows)


def feed_cards(
    feed: RankedFeed,
    pictures: Mapping[str, Picture],
    *,
    before: RankedFeed | None = None,
    is_wanted: Mapping[str, bool] | None = None,
    references: Mapping[str, Picture] | None = None,
) -> tuple[Card, ...]:
    """The images of the feed in order.

    With `before`, a card says how far its image moved since that feed; `references` are small
    pictures of the references by image id, for the evidence.
    """
    wanted, known = is_wanted or {}, references or {}
    rank_before = {item.image_id: item.rank for item in before.items} if before else {}
    return tuple(
        Card(
            name=item.image_id,
            source=pictures[item.image_id].source,
            rank=item.rank,
            score="-" if (score := total_of(item)) is None else f"{score:.1f} of 25",
            elements=_element_rows(item),
            move=_move(item, rank_before),
            is_wanted=wanted.get(item.image_id),
            shows=", ".join(shown.word for shown in item.subject_words),
            evidence=item.evidence.text if item.evidence else "",
            supports=_pictures(item.evidence.supports if item.evidence else (), known),
            against=_pictures(item.evidence.against if item.evidence else (), known),
        )
        for item in feed.items
    )


def total_of(item: RankedItem) -> float | None:
    """The score that the rank follows: with the subject, where it counts."""
    return item.score if item.score_total is None else item.score_total


def write_page(path: Path, *, title: str, lead: str, sections: Sequence[Section]) -> None:
    """Write one HTML file that loads nothing else."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(
        resources.files("services.cli.demo").joinpath("page.html").read_text(encoding="utf-8")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.render(title=title, lead=lead, sections=sections), encoding="utf-8")


def _pictures(
    named: Sequence[EvidenceReference], known: Mapping[str, Picture]
) -> tuple[Picture, ...]:
    return tuple(known[ref.image_id] for ref in named if ref.image_id in known)


def _words(side: TasteSide, element: str) -> tuple[str, ...]:
    return tuple(f"{word.word} {word.weight:.0%}" for word in getattr(side, element))


def _element_rows(item: RankedItem) -> tuple[ElementRow, ...]:
    if item.elements is None:
        return ()
    rows = [(e.label, item.elements[e].score, item.elements[e].rationale) for e in ELEMENTS]
    if item.subject is not None:
        rows.insert(0, (SUBJECT, item.subject, None))
    return tuple(ElementRow(n, f"{score:.1f}", round(score * 20), why) for n, score, why in rows)


def _move(item: RankedItem, rank_before: Mapping[str, int]) -> str:
    if item.image_id not in rank_before:
        return ""
    steps = rank_before[item.image_id] - item.rank
    return f"(up {steps})" if steps > 0 else f"(down {-steps})" if steps < 0 else ""
