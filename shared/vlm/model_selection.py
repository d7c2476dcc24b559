"""Select the model that answers a request: champion, canary challenger or shadow.

A model object never changes; a promotion replaces the object behind a name. A request keeps the
model that it selected until its feed is published, so that one version scores a whole feed.
"""

import asyncio
import hashlib
import logging
from dataclasses import dataclass, replace
from typing import Protocol

from shared.domain.ids import derived_id
from shared.domain.requests.request_key import RequestKey
from shared.events.types.model import CHALLENGER, CHAMPION
from shared.vlm.background_work import BackgroundWork
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.protocol import VisionLanguageModel

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromotedModel:
    """A model version as a promotion names it: version, address and hash of its manifest."""

    version: str
    uri: str
    sha256: str


@dataclass(frozen=True)
class SelectedModel:
    """The model that answers one request, and its variant name (champion or challenger)."""

    model: VisionLanguageModel
    variant: str


@dataclass(frozen=True)
class Lineup:
    """The models that serve at one moment; replaced as a whole."""

    champion: VisionLanguageModel
    challenger: VisionLanguageModel | None = None
    canary_share: float = 0.0
    """Share of users that the challenger answers, 0-1."""
    shadow_share: float = 0.0
    """Share of the champion's requests that the challenger scores too, without showing it, 0-1."""


class Loader(Protocol):
    """Loads a promoted model; blocks. Raises `BadCheckpoint`."""

    def load(self, *, uri: str, sha256: str) -> VisionLanguageModel: ...


class ServingModels:
    """The models of this process."""

    def __init__(
        self,
        champion: VisionLanguageModel,
        *,
        name: str,
        loader: Loader,
        background: BackgroundWork | None = None,
    ) -> None:
        self.name = name
        """The model's name, the same for all its versions: promotions are addressed to it."""
        self._lineup: Lineup = Lineup(champion)
        self.background = background or BackgroundWork()
        """When background work may use these models; requests are counted by it."""
        self._loader = loader
        self._change_lock = asyncio.Lock()

    @property
    def lineup(self) -> Lineup:
        return self._lineup

    @property
    def champion(self) -> VisionLanguageModel:
        """The current champion; keep the object for as long as one piece of work takes."""
        return self._lineup.champion

    def select(self, *, tenant: str, user_id: str) -> SelectedModel:
        """The model for a request of this user: the same one until the lineup changes."""
        lineup = self._lineup
        if lineup.challenger is not None:
            version = lineup.challenger.model_version
            if hash_fraction(f"canary:{version}:{tenant}:{user_id}") < lineup.canary_share:
                return SelectedModel(lineup.challenger, CHALLENGER)
        return SelectedModel(lineup.champion, CHAMPION)

    def select_shadow(self, request: RequestKey) -> VisionLanguageModel | None:
        """The challenger if it scores this request of the champion as a shadow, else None."""
        lineup = self._lineup
        if lineup.challenger is None:
            return None
        version = lineup.challenger.model_version
        fraction = hash_fraction(str(derived_id("shadow", version, *request)))
        return lineup.challenger if fraction < lineup.shadow_share else None

    async def promote(self, promoted: PromotedModel) -> bool:
        """Make a version the champion; False when it already is.

        Raises `BadCheckpoint`; the lineup is then unchanged.
        """
        async with self._change_lock:
            lineup = self._lineup
            if lineup.champion.model_version == promoted.version:
                return False
            champion = await self._load(promoted)
            self._set(replace(lineup, champion=champion))
            log.info(
                "%s is the champion now and replaces %s",
                promoted.version, lineup.champion.model_version,
            )  # fmt: skip
            return True

    async def set_challenger(
        self, promoted: PromotedModel, *, canary_share: float, shadow_share: float
    ) -> bool:
        """Give a challenger its shares; both 0 remove it. False when nothing changed.

        Raises `BadCheckpoint`; the lineup is then unchanged.
        """
        async with self._change_lock:
            lineup = self._lineup
            shares = (canary_share, shadow_share)
            if not any(shares) or lineup.champion.model_version == promoted.version:
                changed = lineup.challenger is not None
                self._set(Lineup(lineup.champion))
                return changed
            is_same = lineup.challenger and lineup.challenger.model_version == promoted.version
            if is_same and (lineup.canary_share, lineup.shadow_share) == shares:
                return False
            challenger = lineup.challenger if is_same else await self._load(promoted)
            self._set(Lineup(lineup.champion, challenger, *shares))
            log.info(
                "%s is the challenger now: canary for %.3g of the users, shadow for %.3g of the"
                " requests",
                promoted.version, canary_share, shadow_share,
            )  # fmt: skip
            return True

    async def _load(self, promoted: PromotedModel) -> VisionLanguageModel:
        """The promoted model; a version that is in memory already is not loaded again."""
        for model in (self._lineup.champion, self._lineup.challenger):
            if model is not None and model.model_version == promoted.version:
                return model
        model = await asyncio.to_thread(self._loader.load, uri=promoted.uri, sha256=promoted.sha256)
        if model.model_version != promoted.version:
            raise BadCheckpoint(
                f"{promoted.uri} holds {model.model_version}, but {promoted.version} was announced;"
                " promote the folder of the version that you mean"
            )
        return model

    def _set(self, lineup: Lineup) -> None:
        if lineup.challenger is lineup.champion:
            lineup = Lineup(lineup.champion)
        self._lineup = lineup


def hash_fraction(text: str) -> float:
    """A number in [0, 1) from the text's hash: a user who is in a share stays in it."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
