"""Print feeds, tastes and assessments as tables."""

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
    """Rank, image, score and the five element scores; `notes` maps image ids to a remark."""
    table = _ranking_table(
        title or f"Feed for {feed.user_id} ({feed.status})", feed.element_weights
    )
    if notes:
        table.add_column("kind")
    for item in feed.items:
        note = [notes.get(item.image_id, "")] if notes else []
        table.add_row(
            str(item.rank), item.image_id, _score(item.score), *_element_scores(item), *note
        )
    return table


def assessment_table(
    rows: Sequence[tuple[str, float, Assessment]], weights: ElementWeights
) -> Table:
    """Files, best first, with total and element scores; `rows` are (name, total, assessment)."""
    table = _ranking_table("Ranked candidates", weights)
    for rank, (name, total, assessment) in enumerate(rows, start=1):
        points = (f"{assessment[element].score:.1f}" for element in ELEMENTS)
        table.add_row(str(rank), name, f"{total:.1f}", *points)
    return table


def assessment_rationales(name: str, assessment: Assessment) -> list[str]:
    """The image's name and one line per rationale; empty when there is none."""
    lines = [
        f"  {element.label}: {assessment[element].rationale}"
        for element in ELEMENTS
        if assessment[element].rationale
    ]
    return [f"{name}:", *lines] if lines else []


def rationale_lines(feed: RankedFeed, *, limit: int = 3) -> list[str]:
    """Rationales of the first `limit` images that have any, one line per element."""
    images = [
        assessment_rationales(item.image_id, item.elements) for item in feed.items if item.elements
    ]
    return [line for lines in list(filter(None, images))[:limit] for line in lines]


def rejected_lines(feed: RankedFeed) -> list[str]:
    """One line per candidate that could not be ranked, with the reason."""
    return [f"not ranked: {item.image_id}: {item.reason}" for item in feed.rejected]


def element_weight_lines(weights: ElementWeights | None) -> list[str]:
    """The element weights in one line; empty when they are equal."""
    if weights is None or weights.are_equal:
        return []
    return [f"element weights in the score: {weights.summary}"]


def taste_table(taste: Taste, *, title: str) -> Table:
    """Liked and disliked words of each element."""
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
    """The taste in a profile event."""
    return Taste(preference=event.preference, non_preference=event.non_preference)


def correction_lines(event: ProfileUpdated) -> list[str]:
    """The user's own corrections, one line per element and side."""
    lines = []
    for correction in event.corrections:
        changes = []
        if correction.edited is not None:
            words = ", ".join(f"{word.word} {word.weight:.0%}" for word in correction.edited)
            changes.append(f"edited to {words or '(unknown)'}")
        if correction.pinned:
            changes.append(f"pinned {', '.join(correction.pinned)}")
        if correction.vetoed:
            changes.append(f"vetoed {', '.join(correction.vetoed)}")
        side = "likes" if correction.side == "preference" else "does not like"
        lines.append(f"{correction.element.label}, {side}: {'; '.join(changes)}")
    return lines


def _ranking_table(title: str, weights: ElementWeights | None) -> Table:
    """An empty table with the columns of a ranking; unequal element weights are in its caption."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.caption = "\n".join(element_weight_lines(weights)) or None
    table.add_column("#", justify="right")
    table.add_column("image")
    table.add_column("score", justify="right")
    for element in ELEMENTS:
        table.add_column(SHORT[element], justify="right")
    return table


def _words(side: TasteSide, element: Element) -> str:
    return ", ".join(f"{word.word} {word.weight:.0%}" for word in side[element]) or "(unknown)"


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}"


def _element_scores(item: RankedItem) -> Sequence[str]:
    if item.elements is None:
        return ["-"] * len(ELEMENTS)
    return [f"{item.elements[element].score:.1f}" for element in ELEMENTS]
