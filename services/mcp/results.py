"""Define what the tools return, small enough for a language model to read."""

from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from services.mcp.explanation import sentences
from shared.domain.taste import ELEMENTS
from shared.events import RankedFeed


class Shown(BaseModel):
    """A result of a tool; its fields have descriptions from their docstrings."""

    model_config = {"frozen": True, "use_attribute_docstrings": True}


class RankedImage(Shown):
    """One image of a feed."""

    image_id: str
    rank: int
    score: float | None
    """How well it fits the taste, 0-25; null where the taste gives no score."""
    why: str
    """The main reason for its rank."""


class Feed(Shown):
    """Images ranked for a user, best first."""

    user_id: str
    request_id: str
    """Use it with `explain_rank`, `read_feed` and `send_feedback`."""
    status: Literal["ok", "cold_start", "degraded", "pending"]
    """`cold_start`: the taste is not known yet. `degraded`: see `note`. `pending`: the feed is not
    ready; call `read_feed` later."""
    note: str | None = None
    images: list[RankedImage] = Field(default_factory=list)
    rejected: dict[str, str] = Field(default_factory=dict)
    """Images that could not be ranked, with the reason."""
    next_cursor: str | None = None
    """Pass it as `cursor` for the next page of a catalog feed."""

    @classmethod
    def of(cls, feed: RankedFeed) -> Self:
        return cls(
            user_id=feed.user_id,
            request_id=feed.request_id,
            status=feed.status,
            note=feed.degraded_reason,
            images=[
                RankedImage(
                    image_id=item.image_id,
                    rank=item.rank,
                    score=item.score if item.score_total is None else item.score_total,
                    why=sentences(item, feed)[0],
                )
                for item in feed.items
            ],
            rejected={item.image_id: item.reason for item in feed.rejected},
            next_cursor=feed.next_cursor,
        )


class Explanation(Shown):
    """Why one image has its rank."""

    image_id: str
    rank: int
    images: int
    """Number of images in the feed."""
    reasons: list[str]


class SimilarImage(Shown):
    """One image of the catalog that resembles another."""

    image_id: str
    uri: str
    similarity: float
    """Cosine of the two image vectors, -1 to 1."""
    words: list[str]


class SimilarImages(Shown):
    """Images of the catalog that resemble one image, the most similar first."""

    image_id: str
    images: list[SimilarImage]

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Self:
        return cls(
            image_id=payload["image_id"],
            images=[
                SimilarImage(
                    image_id=item["image"]["image_id"],
                    uri=item["image"]["uri"],
                    similarity=item["score"],
                    words=[
                        *item["image"].get("subject_words", ()),
                        *(w for words in item["image"].get("words", {}).values() for w in words),
                    ],
                )
                for item in payload["images"]
            ],
        )


class Taste(Shown):
    """What a user likes and dislikes, in words with weights 0-1."""

    user_id: str
    profile_version: int
    likes: dict[str, dict[str, float]]
    """Weight of each liked word, by element."""
    dislikes: dict[str, dict[str, float]]
    subjects: dict[str, Any] | None
    """What liked and disliked images show; null where it is not known."""
    corrections: list[dict[str, Any]]
    """Words that the user has pinned, vetoed or written."""
    liked_images: int
    disliked_images: int

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Self:
        return cls(
            user_id=payload["user_id"],
            profile_version=payload["profile_version"],
            likes=_words(payload["preference"]),
            dislikes=_words(payload["non_preference"]),
            subjects=payload.get("subjects"),
            corrections=payload.get("corrections", []),
            liked_images=payload["evidence"]["liked"],
            disliked_images=payload["evidence"]["disliked"],
        )


class Done(Shown):
    """An accepted change. Profile and feeds follow within seconds."""

    event_ids: list[str]
    note: str


def _words(side: dict[str, Any]) -> dict[str, dict[str, float]]:
    by_element = {
        element.value: {entry["word"]: entry["weight"] for entry in side.get(element.value) or ()}
        for element in ELEMENTS
    }
    return {element: words for element, words in by_element.items() if words}
