"""Let a challenger score what the champion has answered, and tell how far they agree; unseen."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

from prometheus_client import CollectorRegistry, Counter, Histogram

from services.assessor.steps.loading import Entry
from shared.domain.errors import Unavailable
from shared.domain.taste import Taste
from shared.events import RankedFeed
from shared.vlm.protocol import Candidate, VisionLanguageModel

log = logging.getLogger(__name__)
MOST_WAITING = 16
"""Slates that wait for their shadow; beyond it the oldest are dropped, since a sample is enough."""
PAUSE_SECONDS = 0.2
"""Before each slate, so that requests go first."""


@dataclass(frozen=True)
class Shadowed:
    """How a challenger would have ranked one slate."""

    request_id: str
    champion: str
    challenger: str
    images: int
    pairs_agree: float
    """Share of pairs that both put in the same order; a tie of one agrees by half."""
    same_first: bool


class ShadowMetrics:
    """What is counted of shadows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.slates = Counter(
            "preferstream_shadow_slates", "Slates scored unseen", ["outcome"], registry=registry
        )
        for outcome in ("scored", "unavailable", "failed"):
            self.slates.labels(outcome)
        self.agreement = Histogram(
            "preferstream_shadow_pair_agreement_ratio",
            "Share of pairs that champion and challenger order alike",
            buckets=(0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0),
            registry=registry,
        )
        self.same_first = Counter(
            "preferstream_shadow_same_first", "Slates with the same first image", registry=registry
        )


@dataclass(frozen=True)
class _Waiting:
    feed: RankedFeed
    entries: Sequence[Entry]
    taste: Taste
    challenger: VisionLanguageModel


class Shadowing:
    """A background worker with a short memory; nothing waits for it."""

    def __init__(self, metrics: ShadowMetrics) -> None:
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque(maxlen=MOST_WAITING)
        self._worker: asyncio.Task[None] | None = None

    def offer(
        self,
        feed: RankedFeed,
        *,
        entries: Sequence[Entry],
        taste: Taste,
        challenger: VisionLanguageModel,
    ) -> None:
        """Score the slate of a published feed when there is time."""
        self._waiting.append(_Waiting(feed, entries, taste, challenger))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            await asyncio.sleep(PAUSE_SECONDS)
            one = self._waiting.popleft()
            try:
                asked = [Candidate(one.taste, entry.image.pixels) for entry in one.entries]
                scores = await one.challenger.score(asked)
            except Unavailable as error:
                log.warning("no shadow of %s: %s", one.feed.request_id, error)
                self._metrics.slates.labels("unavailable").inc()
                continue
            except Exception:
                # A challenger that fails must be seen in its numbers, and by nobody's feed.
                log.exception("the challenger failed on %s", one.feed.request_id)
                self._metrics.slates.labels("failed").inc()
                continue
            totals = {e.image_id: s.total for e, s in zip(one.entries, scores, strict=True)}
            self._tell(shadowed(one.feed, totals, challenger=one.challenger.model_version))

    def _tell(self, found: Shadowed) -> None:
        self._metrics.slates.labels("scored").inc()
        self._metrics.agreement.observe(found.pairs_agree)
        self._metrics.same_first.inc(found.same_first)
        log.info("shadow %s", json.dumps(asdict(found), ensure_ascii=False))

    async def stop(self) -> None:
        """Leave the rest."""
        self._waiting.clear()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)


def shadowed(feed: RankedFeed, totals: dict[str, float], *, challenger: str) -> Shadowed:
    """Hold the challenger's totals against the champion's scores of the same images."""
    both = [
        (item.score, totals[item.image_id])
        for item in feed.items
        if item.score is not None and item.image_id in totals
    ]
    agree = [_agree(a[0] - b[0], a[1] - b[1]) for a, b in combinations(both, 2)]
    firsts = [max(range(len(both)), key=lambda n: both[n][side]) for side in (0, 1)] if both else []
    return Shadowed(
        request_id=feed.request_id,
        champion=feed.model_version,
        challenger=challenger,
        images=len(both),
        pairs_agree=sum(agree) / len(agree) if agree else 1.0,
        same_first=len(set(firsts)) < 2,
    )


def _agree(champion: float, challenger: float) -> float:
    if champion == 0 or challenger == 0:
        return 1.0 if champion == challenger else 0.5
    return 1.0 if (champion > 0) == (challenger > 0) else 0.0
