"""Promote a model, try it out, or roll it back; a change takes effect with its Kafka event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.retrain.registry.folders import ModelFolders
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.ids import derived_id
from shared.events import ModelPromoted
from shared.events.types.model import CHALLENGER, CHAMPION
from shared.vlm.checkpoint.model_package import ModelPackage

MAX_REASON_CHARACTERS = 4_000
"""The limit of the event's field."""


class CannotPromote(Exception):
    """Nothing was changed; the text gives the reason and what to do."""


class PromotionTopic(Protocol):
    """The topic `model.promoted.v1`."""

    def latest(self, name: str) -> Mapping[str, ModelPromoted]:
        """The latest event of `champion` and `challenger` of a model; raises `Unavailable`."""
        ...

    def publish(self, event: ModelPromoted) -> None:
        """Return when Kafka has acknowledged the event; raises `Unavailable`."""
        ...


class RegistryMirror(Protocol):
    """A registry that shows champion and challenger to people; raises `Unavailable`."""

    def register(self, package: ModelPackage, *, uri: str) -> None:
        """Add a version; adding it again changes nothing."""
        ...

    def point(self, alias: str, version: str | None) -> None:
        """Move an alias; None removes it."""
        ...


@dataclass(frozen=True)
class Promotion:
    """The published event, and a warning for each alias of the mirror that was not moved."""

    event: ModelPromoted
    warnings: tuple[str, ...] = ()


class Promoter:
    """Changes which of the kept versions serves; the latest event in Kafka decides."""

    def __init__(
        self,
        folders: ModelFolders,
        topic: PromotionTopic,
        mirror: RegistryMirror | None,
        *,
        clock: Clock,
    ) -> None:
        self._folders = folders
        self._topic = topic
        self._mirror = mirror
        self._clock = clock
        self._name = folders.release.name

    def champion(self) -> str:
        """The version that serves; raises `Unavailable`."""
        return self._serving(self._topic.latest(self._name))

    def challenger(self) -> ModelPromoted | None:
        """The event of the challenger that has a share now; raises `Unavailable`."""
        return _with_share(self._topic.latest(self._name).get(CHALLENGER))

    def promote(self, version: str, *, reason: str) -> Promotion:
        """Make a version the champion; it is registered in the mirror first.

        Raises `Unavailable`, `NoSuchVersion`, `BadCheckpoint` and `CannotPromote`; the champion
        then keeps serving.
        """
        latest = self._topic.latest(self._name)
        serving = self._serving(latest)
        package = self._folders.find(version)
        if version == serving:
            raise CannotPromote(f"{version} is the champion already")
        self._register(package)
        event = self._event(package, reason=reason, previous=serving)
        self._topic.publish(event)
        self._withdraw(latest, f"{version} was promoted")
        return Promotion(event, self._move_aliases({CHAMPION: version, CHALLENGER: None}))

    def start_trial(
        self, version: str, *, canary_share: float, shadow_share: float, reason: str
    ) -> Promotion:
        """Give a version a share of the users (canary) or of the requests (shadow).

        Raises as `promote`.
        """
        package = self._folders.find(version)
        serving = self.champion()
        if version == serving:
            raise CannotPromote(f"{version} is the champion already; there is nothing to try out")
        self._register(package)
        event = self._event(
            package, reason=reason, previous=serving, shares=(canary_share, shadow_share)
        )
        self._topic.publish(event)
        return Promotion(event, self._move_aliases({CHALLENGER: version}))

    def rollback(self, *, reason: str) -> Promotion:
        """End the trial if there is one; else return to the version before the champion.

        Needs only Kafka: a mirror that is not available becomes a warning. Raises `Unavailable`,
        `NoSuchVersion`, `BadCheckpoint` and `CannotPromote`.
        """
        latest = self._topic.latest(self._name)
        withdrawn = self._withdraw(latest, reason)
        if withdrawn is not None:
            return Promotion(withdrawn, self._move_aliases({CHALLENGER: None}))
        current = latest.get(CHAMPION)
        if current is None or current.previous_version is None:
            raise CannotPromote(
                f"{self._serving(latest)} is the first model; there is no version before it"
            )
        package = self._folders.find(current.previous_version)
        event = self._event(package, reason=reason, previous=package.previous_version)
        self._topic.publish(event)
        return Promotion(event, self._move_aliases({CHAMPION: package.version}))

    def end_trial(self, version: str, *, reason: str) -> Promotion:
        """End the trial of this version only; after another instance ended it, nothing changes.

        Raises `Unavailable` and `CannotPromote`.
        """
        latest = self._topic.latest(self._name)
        challenger = latest.get(CHALLENGER)
        if challenger is None or challenger.model_version != version:
            raise CannotPromote(f"{version} is not tried out any more")
        withdrawn = self._withdraw(latest, reason)
        if withdrawn is None:
            raise CannotPromote(f"{version} is not tried out any more")
        return Promotion(withdrawn, self._move_aliases({CHALLENGER: None}))

    def _serving(self, latest: Mapping[str, ModelPromoted]) -> str:
        champion = latest.get(CHAMPION)
        return champion.model_version if champion else self._folders.release.version

    def _withdraw(self, latest: Mapping[str, ModelPromoted], reason: str) -> ModelPromoted | None:
        """Publish that the challenger has no share any more; None without a challenger."""
        challenger = _with_share(latest.get(CHALLENGER))
        if challenger is None:
            return None
        now = self._clock()
        event = challenger.model_copy(
            update={
                "event_id": derived_id("trial-ended", challenger.model_version, now.isoformat()),
                "occurred_at": now,
                "canary_share": 0.0,
                "shadow_share": 0.0,
                "reason": reason[:MAX_REASON_CHARACTERS],
            }
        )
        self._topic.publish(event)
        return event

    def _event(
        self,
        package: ModelPackage,
        *,
        reason: str,
        previous: str | None,
        shares: tuple[float, float] | None = None,
    ) -> ModelPromoted:
        now = self._clock()
        variant = CHAMPION if shares is None else CHALLENGER
        canary, shadow = shares or (0.0, 0.0)
        return ModelPromoted(
            event_id=derived_id("model-promoted", variant, package.version, now.isoformat()),
            occurred_at=now,
            user_id=self._name if shares is None else f"{self._name}#{CHALLENGER}",
            model_version=package.version,
            adapter_uri=self._folders.uri(package),
            adapter_sha256=package.sha256,
            prompt_version=package.prompt_version,
            metrics=dict(package.metrics),
            previous_version=previous,
            reason=reason[:MAX_REASON_CHARACTERS],
            variant=variant,
            canary_share=canary,
            shadow_share=shadow,
        )

    def _register(self, package: ModelPackage) -> None:
        if self._mirror is not None:
            self._mirror.register(package, uri=self._folders.uri(package))

    def _move_aliases(self, versions: Mapping[str, str | None]) -> tuple[str, ...]:
        """Move the mirror's aliases; a failure is a warning, and changes nothing for users."""
        if self._mirror is None:
            return ()
        warnings = []
        for alias, version in versions.items():
            try:
                if version is not None:
                    self._register(self._folders.find(version))
                self._mirror.point(alias, version)
            except Unavailable as error:
                warnings.append(f"the alias {alias} of the registry was not moved: {error.detail}")
        return tuple(warnings)


def _with_share(challenger: ModelPromoted | None) -> ModelPromoted | None:
    has_share = challenger and (challenger.canary_share or challenger.shadow_share)
    return challenger if has_share else None
