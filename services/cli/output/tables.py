"""Show feeds, tastes and assessments as tables a person can read at a glance."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.events import Assessment, ProfileUpdated, RankedFeed, RankedItem

SHORT = {
    Element.ART_STYLE: "style",
    Element.COLOR: "color",
    Element.MEDIUM: "medium",
    Element.SATURATION: "satur.",
    Element.DETAIL: "detail",
}


def feed_table(
    feed: RankedFeed, *, title: str | None = None, notes: Mapping[str, str] | None = None
) -> Table:
    """Rank, image, total and the five element scores; `notes` says more of an image by id."""
    table = _ranking(title or f"Feed for {feed.user_id} ({feed.status})", feed.element_weights)
    if notes:
        table.add_column("what it is")
    for item in feed.items:
        note = [notes.get(item.image_id, "")] if notes else []
        table.add_row(str(item.rank), item.image_id, _points(item.score), *_elements(item), *note)
    return table


def assessment_table(
    rows: Sequence[tuple[str, float, Assessment]], weights: ElementWeights
) -> Table:
    """Files best first, with their total and element scores."""
    table = _ranking("Candidates, assessed", weights)
    for rank, (name, total, assessment) in enumerate(rows, start=1):
        points = (f"{assessment[element].score:.1f}" for element in ELEMENTS)
        table.add_row(str(rank), name, f"{total:.1f}", *points)
    return table


def assessment_reasons(name: str, assessment: Assessment) -> list[str]:
    """The image's name and its reasons, one line an element; nothing where there are none."""
    told = [(e.label, assessment[e].rationale) for e in ELEMENTS if assessment[e].rationale]
    return [f"{name}:", *(f"  {element}: {reason}" for element, reason in told)] if told else []


def reason_lines(feed: RankedFeed, *, most: int = 3) -> list[str]:
    """The reasons of the first images that have any, one line an element."""
    told = (assessment_reasons(i.image_id, i.elements) for i in feed.items if i.elements)
    return [line for lines in [t for t in told if t][:most] for line in lines]


def rejected_lines(feed: RankedFeed) -> list[str]:
    return [f"not ranked: {item.image_id}: {item.reason}" for item in feed.rejected]


def counted_lines(weights: ElementWeights | None) -> list[str]:
    """What elements count, in one line; nothing where they count alike."""
    if weights is None or weights.are_equal:
        return []
    return [f"in a score the elements count {weights.summary}"]


def taste_table(taste: Taste, *, title: str) -> Table:
    """What is liked and what is not, element by element."""
    table = Table(title=title, title_justify="left")
    table.add_column("element")
    table.add_column("likes", style="green")
    table.add_column("does not like", style="red")
    for element in ELEMENTS:
        table.add_row(
            element.label,
            _words(taste.preference, element),
            _words(taste.non_preference, element),
        )
    return table


def taste_of(event: ProfileUpdated) -> Taste:
    return Taste(preference=event.preference, non_preference=event.non_preference)


def correction_lines(event: ProfileUpdated) -> list[str]:
    """What the person said themselves, one line an element and side."""
    lines = []
    for said in event.corrections:
        told = []
        if said.edited is not None:
            words = ", ".join(f"{one.word} {one.weight:.0%}" for one in said.edited)
            told.append(f"edited to {words or '(unknown)'}")
        if said.pinned:
            told.append(f"pinned {', '.join(said.pinned)}")
        if said.vetoed:
            told.append(f"vetoed {', '.join(said.vetoed)}")
        side = "likes" if said.side == "preference" else "does not like"
        lines.append(f"{said.element.label}, {side}: {'; '.join(told)}")
    return lines


def _ranking(title: str, weights: ElementWeights | None) -> Table:
    """With what elements count below it, where a score is not their plain sum."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.caption = "\n".join(counted_lines(weights)) or None
    table.add_column("#", justify="right")
    table.add_column("image")
    table.add_column("score", justify="right")
    for element in ELEMENTS:
        table.add_column(SHORT[element], justify="right")
    return table


def _words(side: TasteSide, element: Element) -> str:
    return ", ".join(f"{w.word} {w.weight:.0%}" for w in side[element]) or "(unknown)"


def _points(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}"


def _elements(item: RankedItem) -> Sequence[str]:
    if item.elements is None:
        return ["-"] * len(ELEMENTS)
    return [f"{item.elements[element].score:.1f}" for element in ELEMENTS]
