"""Arrange feeds, tastes and assessments as rows and lines to print."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.cli.output.joint_tastes import taste_cells, taste_columns
from services.cli.output.listing import Column, Listing
from services.cli.output.subjects import shown_subject, subject_row
from services.cli.output.wrapping import Id, Line, Part
from shared.domain.element_weights import ElementWeights
from shared.domain.subjects.words import ShownWord, Subjects
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.events import Assessment, ItemEvidence, ProfileUpdated, RankedFeed, RankedItem

SHORT = {
    Element.ART_STYLE: "style",
    Element.COLOR: "color",
    Element.MEDIUM: "medium",
    Element.SATURATION: "satur.",
    Element.DETAIL: "detail",
}


def feed_table(
    feed: RankedFeed, *, title: Line = (), notes: Mapping[str, str] | None = None
) -> Listing:
    """Rank, image, score and the five element scores; `notes` maps image ids to a remark.

    Where the subject counts, its score and the total of both follow.
    """
    by_subject = feed.subject_weight is not None
    is_named = any(item.subject_words for item in feed.items)
    by_taste = taste_columns(feed)
    rows = [
        [
            str(item.rank),
            item.image_id,
            _score(item.score),
            *_element_scores(item),
            *([_score(item.subject), _score(item.score_total)] if by_subject else []),
            *([shown_subject(item.subject_words)] if is_named else []),
            *taste_cells(item, by_taste),
            *([notes.get(item.image_id, "")] if notes else []),
        ]
        for item in feed.items
    ]
    return _ranking(
        title or ["Feed for ", Id(feed.user_id), f" ({feed.status})"],
        rows,
        feed.element_weights,
        further=(
            *_subject_columns(by_subject, is_named),
            *by_taste,
            *((Column("kind"),) if notes else ()),
        ),
        further_notes=[*weight_lines(feed), *popularity_lines(feed)],
    )


class AssessedFile(NamedTuple):
    """A ranked file: its score and assessment, and what it shows where that is known."""

    name: str
    score: float
    assessment: Assessment
    subject: float | None = None
    total: float | None = None
    """Score and subject together; None where the subject does not count."""
    subject_words: tuple[ShownWord, ...] = ()


def assessment_table(rows: Sequence[AssessedFile], weights: ElementWeights) -> Listing:
    """Files, best first, with score and element scores.

    Where the subject counts, its score and the total of both follow.
    """
    by_subject = any(row.subject is not None for row in rows)
    is_named = any(row.subject_words for row in rows)
    ranked = [
        [
            str(rank),
            row.name,
            f"{row.score:.1f}",
            *(f"{row.assessment[e].score:.1f}" for e in ELEMENTS),
            *([_score(row.subject), _score(row.total)] if by_subject else []),
            *([shown_subject(row.subject_words)] if is_named else []),
        ]
        for rank, row in enumerate(rows, start=1)
    ]
    return _ranking(
        ["Ranked candidates"], ranked, weights, further=_subject_columns(by_subject, is_named)
    )


def _subject_columns(by_subject: bool, is_named: bool) -> tuple[Column, ...]:
    return (
        *((Column("subject", "number"), Column("total", "number")) if by_subject else ()),
        *((Column("shows"),) if is_named else ()),
    )


def assessment_rationales(name: str, assessment: Assessment) -> list[Line]:
    """The image's name and one line per rationale; empty when there is none."""
    lines: list[Line] = [
        [f"  {element.label}: {assessment[element].rationale}"]
        for element in ELEMENTS
        if assessment[element].rationale
    ]
    return [[Id(name), ":"], *lines] if lines else []


def rationale_lines(feed: RankedFeed, *, limit: int = 3) -> list[Line]:
    """Rationales of the first `limit` images that have any, one line per element."""
    images = [
        assessment_rationales(item.image_id, item.elements) for item in feed.items if item.elements
    ]
    return [line for lines in list(filter(None, images))[:limit] for line in lines]


def evidence_lines(feed: RankedFeed) -> list[Line]:
    """One line per image with evidence: its sentence, and the references that it names."""
    return [
        [Id(item.image_id), f": {item.evidence.text}", *_named_references(item.evidence)]
        for item in feed.items
        if item.evidence
    ]


def rejected_lines(feed: RankedFeed) -> list[Line]:
    """One line per candidate that could not be ranked, with the reason."""
    return [rejected_line(item.image_id, item.reason) for item in feed.rejected]


def rejected_line(name: str, reason: str) -> Line:
    """Which image could not be ranked, and why."""
    return ["not ranked: ", Id(name), f": {reason}"]


def element_weight_lines(weights: ElementWeights | None) -> list[str]:
    """The element weights in one line; empty when they are equal."""
    if weights is None or weights.are_equal:
        return []
    return [f"element weights in the score: {weights.summary}"]


def taste_table(taste: Taste, *, title: Line, subjects: Subjects | None = None) -> Listing:
    """Liked and disliked words of each element, and the subjects where they are known."""
    likes, dislikes = taste.preference, taste.non_preference
    return Listing(
        (
            Column("element"),
            Column("likes", "text", style="green"),
            Column("does not like", "text", style="red"),
        ),
        [
            *((e.label, _words(likes, e), _words(dislikes, e)) for e in ELEMENTS),
            *([subject_row(subjects)] if subjects else []),
        ],
        title=title,
    )


def weight_lines(event: RankedFeed | ProfileUpdated) -> list[str]:
    """What a user goes by, in one line; empty where the subject does not count."""
    if event.ranking_weights is None:
        return []
    return [f"this user goes by: {event.ranking_weights.summary}"]


def popularity_lines(feed: RankedFeed) -> list[str]:
    """How much popularity counts, in one line; empty where it does not."""
    if feed.popularity_weight is None:
        return []
    share = f"{feed.popularity_weight:.0%}"
    return [f"popularity with other users counts {share}, less with each reference"]


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


def _ranking(
    title: Line,
    rows: Sequence[Sequence[Part]],
    weights: ElementWeights | None,
    *,
    further: Sequence[Column] = (),
    further_notes: Sequence[str] = (),
) -> Listing:
    """Images in their order; unequal element weights are in a note."""
    elements = [Column(SHORT[element], "number") for element in ELEMENTS]
    return Listing(
        (
            Column("#", "number"), Column("image", "id"), Column("score", "number"), *elements,
            *further,
        ),
        rows,
        title=title,
        notes=[[line] for line in (*element_weight_lines(weights), *further_notes)],
    )  # fmt: skip


def _words(side: TasteSide, element: Element) -> str:
    return ", ".join(f"{word.word} {word.weight:.0%}" for word in side[element]) or "(unknown)"


def _named_references(evidence: ItemEvidence) -> list[Part]:
    """` (liked A, B; disliked C)`, or nothing."""
    sides: list[Part] = []
    for word, references in (("liked", evidence.supports), ("disliked", evidence.against)):
        for number, reference in enumerate(references):
            start = f" ({word} " if not sides else f"; {word} " if number == 0 else ", "
            sides += [start, Id(reference.image_id)]
    return [*sides, ")"] if sides else []


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}"


def _element_scores(item: RankedItem) -> Sequence[str]:
    if item.elements is None:
        return ["-"] * len(ELEMENTS)
    return [f"{item.elements[element].score:.1f}" for element in ELEMENTS]
