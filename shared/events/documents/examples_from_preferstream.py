"""Examples of every event that Preferstream sends: one full and one minimal."""

from typing import Final

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Element, TasteSide, WeightedWord
from shared.events.documents.examples_from_apps import AT, LATER, USER, example_id
from shared.events.types.audience import AudienceMatched, MatchedUser
from shared.events.types.base import Event
from shared.events.types.candidates import RejectedItem
from shared.events.types.dead_letter import DeadLetterResolved
from shared.events.types.erase import UserErased
from shared.events.types.evidence import EvidenceReference, EvidenceWord, ItemEvidence
from shared.events.types.feed import (
    AppliedRule,
    Assessment,
    ElementAssessment,
    RankedFeed,
    RankedItem,
    RetrievalPolicy,
    RulesPolicy,
    ServingPolicy,
)
from shared.events.types.model import ModelPromoted
from shared.events.types.operator import OperatorAction, user_target
from shared.events.types.profile import Evidence, ProfileUpdated
from shared.events.types.taste_change import TasteChange

_MODEL: Final = "preferthinker-nano-1"


def _element(score: float, rationale: str) -> ElementAssessment:
    return ElementAssessment(score=score, rationale=rationale)


_ASSESSED: Final = Assessment(
    art_style=_element(5.0, "watercolour is liked"),
    color=_element(4.5, "pastel is liked"),
    medium=_element(4.0, "paper is closer to canvas, which is liked"),
    saturation=_element(2.0, "medium saturation is neither liked nor disliked"),
    detail=_element(1.0, "intricate is disliked"),
)

_EVIDENCE: Final = ItemEvidence(
    text="watercolour, as in 3 of your 4 likes; but intricate, as in 2 of your 3 dislikes",
    words=(
        EvidenceWord(
            element="art_style", word="watercolour", confidence=0.9, side="liked", shared_by=3
        ),
        EvidenceWord(
            element="detail", word="intricate", confidence=0.75, side="disliked", shared_by=2
        ),
    ),
    supports=(
        EvidenceReference(image_id="img-7", side="liked", shared_words=("watercolour",)),
        EvidenceReference(image_id="img-8", side="liked", shared_words=("watercolour",)),
        EvidenceReference(image_id="img-9", side="liked", shared_words=("watercolour",)),
    ),
    against=(
        EvidenceReference(image_id="img-4", side="disliked", shared_words=("intricate",)),
        EvidenceReference(image_id="img-5", side="disliked", shared_words=("intricate",)),
    ),
)

FROM_PREFERSTREAM: Final[tuple[tuple[Event, Event], ...]] = (
    (
        AudienceMatched(
            event_id=example_id(31),
            occurred_at=LATER,
            tenant="gallery",
            image_id="img-1",
            users=(
                MatchedUser(user_id=USER, score=19.5),
                MatchedUser(user_id="user-7", score=17.25),
            ),
        ),
        AudienceMatched(event_id=example_id(32), occurred_at=LATER, image_id="img-1", users=()),
    ),
    (
        RankedFeed(
            event_id=example_id(3),
            occurred_at=LATER,
            user_id=USER,
            tenant="gallery",
            request_id="request-7",
            status="degraded",
            degraded_reason="the deadline of 1500 ms was near, so rationales were left out",
            items=(
                RankedItem(
                    image_id="img-1",
                    rank=1,
                    score=17.125,
                    elements=_ASSESSED,
                    propensity=0.95,
                    explored=True,
                    tier="vlm",
                    source="explored",
                    retrieval_propensity=0.125,
                    uri="https://images.example.com/1.png",
                    demoted=("diversity",),
                    moved_by_words=-2,
                    rules=(AppliedRule(kind="boost", name="spring sale", points=0.5),),
                    rank_without_rules=2,
                    evidence=_EVIDENCE,
                ),
            ),
            rejected=(
                RejectedItem(image_id="img-2", reason="the image is 40 megapixels; at most 25"),
            ),
            profile_version=3,
            model_version=_MODEL,
            element_weights=ElementWeights(
                art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5
            ),
            variant="challenger",
            latency_ms={"images": 120.5, "score": 840.0, "total": 1200.25},
            policy=ServingPolicy(
                explore_share=0.2,
                seen_days=7,
                author_cap=2,
                diversity=0.25,
                retrieval=RetrievalPolicy(
                    shares={"taste": 0.5, "likes": 0.3, "new": 0.1, "explored": 0.1}
                ),
                rules=RulesPolicy(
                    version="2026-spring", digest="5f2b8c1e9a7d4036", active=("spring sale",)
                ),
            ),
            next_cursor="eyJyIjoicmVxdWVzdC03In0.c2lnbmF0dXJl",
        ),
        RankedFeed(
            event_id=example_id(4),
            occurred_at=LATER,
            user_id=USER,
            request_id="request-8",
            status="cold_start",
            items=(
                RankedItem(image_id="img-1", rank=1, score=None, elements=None, tier="fallback"),
            ),
            profile_version=None,
            model_version=_MODEL,
        ),
    ),
    (
        ProfileUpdated(
            event_id=example_id(7),
            occurred_at=LATER,
            user_id=USER,
            tenant="gallery",
            profile_version=3,
            preference=TasteSide(
                art_style=(WeightedWord(word="watercolour", weight=0.75, count=6),),
                color=(
                    WeightedWord(word="pastel", weight=0.5, count=4),
                    WeightedWord(word="blue", weight=0.25, count=2),
                ),
            ),
            non_preference=TasteSide(detail=(WeightedWord(word="intricate", weight=1.0, count=3),)),
            evidence=Evidence(liked=8, disliked=3, ignored={"side_full": 12}),
            reference_ids=("img-1", "img-5"),
            model_version=_MODEL,
            history=(
                TasteChange(
                    at=LATER,
                    kind="overruled",
                    side="preference",
                    element=Element.COLOR,
                    stated=("red",),
                    words=("pastel", "blue"),
                    statements=5,
                    feedback={"like": 9, "click": 4},
                ),
            ),
        ),
        ProfileUpdated(
            event_id=example_id(8),
            occurred_at=LATER,
            user_id=USER,
            profile_version=1,
            preference=TasteSide(),
            non_preference=TasteSide(),
            evidence=Evidence(liked=1, disliked=0),
            model_version=_MODEL,
        ),
    ),
    (
        ModelPromoted(
            event_id=example_id(9),
            occurred_at=AT,
            user_id="preferthinker-nano",
            tenant="gallery",
            model_version="preferthinker-nano-2",
            adapter_uri="s3://models/preferthinker-nano-2",
            adapter_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            prompt_version="prompt-1",
            metrics={"pair_accuracy": 0.75, "ndcg": 0.875},
            previous_version=_MODEL,
            reason="better on the held-out pairs",
        ),
        ModelPromoted(
            event_id=example_id(10),
            occurred_at=AT,
            user_id="preferthinker-nano",
            model_version=_MODEL,
            adapter_uri="file:///models/preferthinker-nano-1",
            adapter_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            prompt_version="prompt-1",
            reason="the first model",
        ),
    ),
    (
        UserErased(
            event_id=example_id(13),
            occurred_at=LATER,
            user_id=USER,
            tenant="gallery",
            erase_event_id=example_id(11),
            service="profile",
            removed={"profiles": 1, "references": 8},
            not_searched=("the files of the Qdrant server",),
        ),
        UserErased(
            event_id=example_id(14),
            occurred_at=LATER,
            user_id=USER,
            erase_event_id=example_id(12),
            service="assessor",
            removed={},
        ),
    ),
    (
        DeadLetterResolved(
            event_id=example_id(17),
            occurred_at=LATER,
            user_id="feedback.v1.dlq/3/17",
            tenant="gallery",
            resolution="replayed",
            reason="invalid_event",
            fixed=True,
            by="operator-1",
            note="the app sent dwell without dwell_ms until Tuesday",
        ),
        DeadLetterResolved(
            event_id=example_id(18),
            occurred_at=LATER,
            user_id="image.candidates.v1.dlq/0/4",
            resolution="dropped",
            reason="not_json",
        ),
    ),
    (
        OperatorAction(
            event_id=example_id(15),
            occurred_at=LATER,
            user_id="night-shift",
            tenant="gallery",
            action_id="action-3",
            action="user.erase",
            target=user_target(tenant="gallery", user_id=USER),
            outcome="done",
            detail="asked to",
            details={"request": "request-9"},
        ),
        OperatorAction(
            event_id=example_id(16),
            occurred_at=LATER,
            user_id="night-shift",
            action_id="action-4",
            action="model.rollback",
            outcome="begun",
        ),
    ),
)
"""A full and a minimal example of each event type."""
