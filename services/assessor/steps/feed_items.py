"""Put assessed images in order, and cut the order to what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.assessor.steps.loading import Entry
from shared.domain.element_weights import EQUAL, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.events import Assessment, ElementAssessment, RankedItem
from shared.events.types.candidates import Explain
from shared.events.types.feed import Demotion, Tier
from shared.vlm.protocol import Scores

DIGITS_AFTER_POINT = 4
"""Finer than any difference that means something, and the same text for the same float."""


@dataclass(frozen=True)
class Assessed:
    """One image with its five scores; None where nothing was assessed."""

    entry: Entry
    tier: Tier
    elements: Mapping[Element, float] | None = None
    scores: Scores | None = None
    """The model's own distributions, where it scored; reasons are generated from them."""
    reasons: Mapping[Element, str] | None = None
    weights: ElementWeights = EQUAL
    """How much each element counts to the version that assessed."""
    demoted: tuple[Demotion, ...] = ()
    """Why it stands lower than its total alone would place it."""
    propensity: float = 1.0
    explored: bool = False

    @property
    def total(self) -> float:
        """0-25; below any total where nothing was assessed."""
        if self.elements is None:
            return -1.0
        return round(self.weights.total(self.elements), DIGITS_AFTER_POINT)

    def with_reasons(self, reasons: Mapping[Element, str]) -> "Assessed":
        return replace(self, reasons=reasons)


def by_model(entry: Entry, scores: Scores) -> Assessed:
    elements = _as_shown({e: scores.expected(e) for e in ELEMENTS})
    return Assessed(entry, "vlm", elements, scores, weights=scores.weights)


def by_description(
    entry: Entry, elements: Mapping[Element, float], weights: ElementWeights = EQUAL
) -> Assessed:
    return Assessed(entry, "embedding", _as_shown(elements), weights=weights)


def not_assessed(entry: Entry) -> Assessed:
    return Assessed(entry, "fallback")


def best_first(assessed: Sequence[Assessed]) -> list[Assessed]:
    """By total; equal ones, and those not assessed, stay in the order sent."""
    return sorted(assessed, key=lambda one: -one.total)


def with_demotion(one: Assessed, why: Demotion) -> Assessed:
    return replace(one, demoted=(*one.demoted, why))


def to_explain(
    ranked: Sequence[Assessed], *, explain: Explain, explained_top: int
) -> Sequence[Assessed]:
    """Those whose reasons were asked for, of those that the model scored."""
    if explain == "none":
        return []
    scored = [one for one in ranked if one.scores is not None]
    return scored if explain == "all" else scored[:explained_top]


def items(ranked: Sequence[Assessed]) -> tuple[RankedItem, ...]:
    """The feed's items, ranks from 1."""
    return tuple(_item(one, rank) for rank, one in enumerate(ranked, start=1))


def _item(one: Assessed, rank: int) -> RankedItem:
    assessment = _assessment(one)
    return RankedItem(
        image_id=one.entry.image_id,
        rank=rank,
        score=one.total if assessment else None,
        elements=assessment,
        propensity=one.propensity,
        explored=one.explored,
        tier=one.tier,
        demoted=one.demoted,
    )


def _assessment(one: Assessed) -> Assessment | None:
    if one.elements is None:
        return None
    reasons = one.reasons or {}
    return Assessment.model_validate(
        {
            e.value: ElementAssessment(score=one.elements[e], rationale=reasons.get(e))
            for e in ELEMENTS
        }
    )


def _as_shown(elements: Mapping[Element, float]) -> dict[Element, float]:
    """Rounded before they are ranked by, so that the scores of a feed never rise."""
    return {e: round(elements[e], DIGITS_AFTER_POINT) for e in ELEMENTS}
