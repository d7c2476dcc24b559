"""Write a page that shows a story in pictures: references, tastes, feeds and what was set aside."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from PIL import Image

from shared.domain.taste import ELEMENTS, Taste, TasteSide
from shared.events import RankedFeed, RankedItem

THUMBNAIL_PIXELS = 320


@dataclass(frozen=True)
class Picture:
    name: str
    source: str


@dataclass(frozen=True)
class TasteRow:
    element: str
    likes: tuple[str, ...]
    dislikes: tuple[str, ...]


@dataclass(frozen=True)
class ElementRow:
    name: str
    score: str
    percent: int
    why: str | None


@dataclass(frozen=True)
class Card:
    """One image of a feed: its place, its scores and its reasons."""

    name: str
    source: str
    rank: int
    score: str
    elements: tuple[ElementRow, ...]
    move: str


@dataclass(frozen=True)
class Part:
    """One chapter of the page; what it lacks is left out."""

    title: str
    text: str = ""
    pictures: tuple[Picture, ...] = ()
    taste: tuple[TasteRow, ...] = ()
    cards: tuple[Card, ...] = ()
    lines: tuple[str, ...] = ()


def picture(path: Path) -> Picture:
    """An image file, small enough to be part of the page itself."""
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=85)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(path.name, f"data:image/webp;base64,{encoded}")


def taste_rows(taste: Taste) -> tuple[TasteRow, ...]:
    return tuple(
        TasteRow(e.label, _chips(taste.preference, e), _chips(taste.non_preference, e))
        for e in ELEMENTS
    )


def feed_cards(
    feed: RankedFeed, pictures: Mapping[str, Picture], *, before: RankedFeed | None = None
) -> tuple[Card, ...]:
    """The feed's images in order; with `before`, how far each moved since that feed."""
    earlier = {item.image_id: item.rank for item in before.items} if before else {}
    return tuple(
        Card(
            name=item.image_id,
            source=pictures[item.image_id].source,
            rank=item.rank,
            score="-" if item.score is None else f"{item.score:.1f} of 25",
            elements=_element_rows(item),
            move=_move(item, earlier),
        )
        for item in feed.items
    )


def write_page(path: Path, *, title: str, lead: str, parts: Sequence[Part]) -> None:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(
        resources.files("services.cli.demo").joinpath("page.html").read_text(encoding="utf-8")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.render(title=title, lead=lead, parts=parts), encoding="utf-8")


def _chips(side: TasteSide, element: str) -> tuple[str, ...]:
    words = getattr(side, element)
    return tuple(f"{w.word} {w.weight:.0%}" for w in words)


def _element_rows(item: RankedItem) -> tuple[ElementRow, ...]:
    if item.elements is None:
        return ()
    assessed = ((e, item.elements[e]) for e in ELEMENTS)
    return tuple(
        ElementRow(e.label, f"{a.score:.1f}", round(a.score * 20), a.rationale)
        for e, a in assessed
    )


def _move(item: RankedItem, earlier: Mapping[str, int]) -> str:
    if item.image_id not in earlier:
        return ""
    steps = earlier[item.image_id] - item.rank
    return f"(up {steps})" if steps > 0 else f"(down {-steps})" if steps < 0 else ""
