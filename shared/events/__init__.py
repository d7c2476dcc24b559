"""The public contract: every event on Kafka as a frozen, validated type."""

from shared.events.types.audience import AudienceMatched, MatchedUser
from shared.events.types.base import DEFAULT_TENANT, Event, ImageEvent, UserEvent
from shared.events.types.candidates import Candidate, ImageCandidates, RejectedItem
from shared.events.types.catalog import CatalogImage, FromCatalog
from shared.events.types.correction import ProfileCorrected
from shared.events.types.dead_letter import DeadLetterResolved
from shared.events.types.erase import UserErase, UserErased
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
from shared.events.types.feedback import Feedback
from shared.events.types.model import ModelPromoted
from shared.events.types.operator import OperatorAction
from shared.events.types.profile import Evidence, ProfileUpdated

__all__ = [
    "DEFAULT_TENANT",
    "AppliedRule",
    "Assessment",
    "AudienceMatched",
    "Candidate",
    "CatalogImage",
    "DeadLetterResolved",
    "ElementAssessment",
    "Event",
    "Evidence",
    "EvidenceReference",
    "EvidenceWord",
    "Feedback",
    "FromCatalog",
    "ImageCandidates",
    "ImageEvent",
    "ItemEvidence",
    "MatchedUser",
    "ModelPromoted",
    "OperatorAction",
    "ProfileCorrected",
    "ProfileUpdated",
    "RankedFeed",
    "RankedItem",
    "RejectedItem",
    "RetrievalPolicy",
    "RulesPolicy",
    "ServingPolicy",
    "UserErase",
    "UserErased",
    "UserEvent",
]
