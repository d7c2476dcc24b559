"""Which model answers whom: the champion, a canary for some users, a shadow that nobody sees.

A model object never changes; taking over means that a name points to another object. Whoever chose
one keeps it until the request is answered, so that no feed is scored by two versions.
"""

import asyncio
import hashlib
import logging
from dataclasses import dataclass, replace
from typing import Final, Protocol

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.protocol import VisionLanguageModel

log = logging.getLogger(__name__)
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"


@dataclass(frozen=True)
class PromotedModel:
    """A model to serve from now on, as a promotion names it."""

    version: str
    uri: str
    sha256: str


@dataclass(frozen=True)
class Chosen:
    """The model that answers one request, and under which name."""

    model: VisionLanguageModel
    variant: str


@dataclass(frozen=True)
class Lineup:
    """All that serves at a moment; replaced in one step."""

    champion: VisionLanguageModel
    challenger: VisionLanguageModel | None = None
    canary_share: float = 0.0
    """Share of users whom the challenger answers."""
    shadow_share: float = 0.0
    """Share of the champion's requests that the challenger scores as well, unseen."""


class Loader(Protocol):
    """Makes a model of an announcement; blocks. Raises `BadCheckpoint`."""

    def load(self, *, uri: str, sha256: str) -> VisionLanguageModel: ...


class ServingModels:
    """The models of this process."""

    def __init__(self, champion: VisionLanguageModel, *, name: str, loader: Loader) -> None:
        self.name = name
        """Of the model, whatever its version: what promotions are addressed to."""
        self._lineup: Lineup = Lineup(champion)
        self._loader = loader
        self._changing = asyncio.Lock()

    @property
    def lineup(self) -> Lineup:
        return self._lineup

    @property
    def champion(self) -> VisionLanguageModel:
        """The model that answers now; keep it for as long as one piece of work takes."""
        return self._lineup.champion

    def choose(self, *, tenant: str, user_id: str) -> Chosen:
        """The model for a request of this user: the same one until the line-up changes."""
        now = self._lineup
        if now.challenger is not None:
            version = now.challenger.model_version
            if part_of(f"canary:{version}:{tenant}:{user_id}") < now.canary_share:
                return Chosen(now.challenger, CHALLENGER)
        return Chosen(now.champion, CHAMPION)

    def shadow(self, *, tenant: str, request_id: str) -> VisionLanguageModel | None:
        """The challenger, if it is to score this request of the champion's unseen."""
        now = self._lineup
        if now.challenger is None:
            return None
        version = now.challenger.model_version
        chance = part_of(f"shadow:{version}:{tenant}:{request_id}")
        return now.challenger if chance < now.shadow_share else None

    async def promote(self, announced: PromotedModel) -> bool:
        """Make it the champion; False when it is already.

        Raises `BadCheckpoint`, and then nothing has changed.
        """
        async with self._changing:
            now = self._lineup
            if now.champion.model_version == announced.version:
                return False
            champion = await self._model(announced)
            self._set(replace(now, champion=champion))
            log.info(
                "%s answers from now on, after %s", announced.version, now.champion.model_version
            )
            return True

    async def try_out(
        self, announced: PromotedModel, *, canary_share: float, shadow_share: float
    ) -> bool:
        """Give a challenger its shares; both 0 sends it away. Raises `BadCheckpoint`."""
        async with self._changing:
            now = self._lineup
            wanted = (canary_share, shadow_share)
            if not any(wanted) or now.champion.model_version == announced.version:
                changed = now.challenger is not None
                self._set(Lineup(now.champion))
                return changed
            same = now.challenger and now.challenger.model_version == announced.version
            if same and (now.canary_share, now.shadow_share) == wanted:
                return False
            challenger = now.challenger if same else await self._model(announced)
            self._set(Lineup(now.champion, challenger, *wanted))
            log.info(
                "%s is tried out: on %.3g of the users, and unseen on %.3g of the requests",
                announced.version, canary_share, shadow_share,
            )  # fmt: skip
            return True

    async def _model(self, announced: PromotedModel) -> VisionLanguageModel:
        """The announced model; one that is in memory already is taken as it is."""
        now = self._lineup
        for known in (now.champion, now.challenger):
            if known is not None and known.model_version == announced.version:
                return known
        model = await asyncio.to_thread(
            self._loader.load, uri=announced.uri, sha256=announced.sha256
        )
        if model.model_version != announced.version:
            raise BadCheckpoint(
                f"{announced.uri} holds {model.model_version}, but {announced.version} was"
                " announced"
            )
        return model

    def _set(self, lineup: Lineup) -> None:
        if lineup.challenger is lineup.champion:
            lineup = Lineup(lineup.champion)
        self._lineup = lineup


def part_of(text: str) -> float:
    """A number in [0, 1) that depends on the text alone: who is in a share stays in it."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
