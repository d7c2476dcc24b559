"""Erase users: store the erasure, forget their requests and publish a receipt."""

from typing import Protocol

from services.assessor.steps.request_filtering import AnsweredRequests
from shared.domain.clock import Clock
from shared.domain.erasures import Erasure
from shared.domain.user import User
from shared.events import UserErase
from shared.messaging.contract import Publisher
from shared.store.sessions.pages import FeedSessionStore
from shared.vlm.score_cache import ScoreCache


class Erasures(Protocol):
    """The one method of an `ErasureStore` that an erasure needs."""

    async def add(self, erasure: Erasure, *, tenant: str, user_id: str) -> None: ...


class UserEraser:
    """Erase users from the assessor: ids of their latest requests, pages of feeds, kept scores."""

    def __init__(
        self,
        erasures: Erasures,
        answered: AnsweredRequests,
        publisher: Publisher,
        *,
        sessions: FeedSessionStore | None = None,
        score_cache: ScoreCache | None = None,
        clock: Clock,
    ) -> None:
        self._erasures = erasures
        self._answered = answered
        self._publisher = publisher
        self._sessions = sessions
        self._score_cache = score_cache
        self._clock = clock

    async def erase(self, event: UserErase, *, written_ms: int) -> None:
        """Erase one user; `written_ms` is the record's Kafka timestamp.

        The erasure is stored first, so that requests in progress see it (`ErasureCheck`).
        """
        erasure = Erasure.from_event(event.occurred_at, written_ms=written_ms, now=self._clock())
        await self._erasures.add(erasure, tenant=event.tenant, user_id=event.user_id)
        user = User(event.tenant, event.user_id)
        requests = self._answered.forget(user)
        scores = 0 if self._score_cache is None else self._score_cache.erase(user)
        pages = 0 if self._sessions is None else await self._sessions.remove(user)
        await self._publisher.publish(
            event.receipt(
                "assessor",
                at=self._clock(),
                removed={
                    "remembered_requests": requests,
                    "feed_pages": pages,
                    "kept_scores": scores,
                },
                remaining={
                    "remembered_requests": self._answered.count(user),
                    "feed_pages": await self._pages_left(user),
                    "kept_scores": 0
                    if self._score_cache is None
                    else self._score_cache.count(user),
                },
            )
        )

    async def _pages_left(self, user: User) -> int:
        """Pages that a second search still finds."""
        return 0 if self._sessions is None else await self._sessions.count(user)
