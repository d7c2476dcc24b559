"""The public contract: every event that goes through Kafka, as a frozen, validated type."""

from shared.events.base import DEFAULT_TENANT, Event
from shared.events.candidates import Candidate, ImageCandidates
from shared.events.correction import ProfileCorrected
from shared.events.dead_letter import DeadLetterResolved
from shared.events.erase import UserErase, UserErased
from shared.events.feed import (
    Assessment,
    ElementAssessment,
    RankedFeed,
    RankedItem,
    RejectedItem,
    ServingPolicy,
)
from shared.events.feedback import Feedback
from shared.events.model import ModelPromoted
from shared.events.operator import OperatorAction
from shared.events.profile import Evidence, ProfileUpdated

__all__ = [
    "DEFAULT_TENANT",
    "Assessment",
    "Candidate",
    "DeadLetterResolved",
    "ElementAssessment",
    "Event",
    "Evidence",
    "Feedback",
    "ImageCandidates",
    "ModelPromoted",
    "OperatorAction",
    "ProfileCorrected",
    "ProfileUpdated",
    "RankedFeed",
    "RankedItem",
    "RejectedItem",
    "ServingPolicy",
    "UserErase",
    "UserErased",
]
