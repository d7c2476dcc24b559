"""Announce which model serves, try one out, take it back: nothing changes until Kafka knows."""

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

MOST_REASON_CHARACTERS = 4_000
"""What the event takes."""


class CannotPromote(Exception):
    """Nothing was changed; the text says why and what to do."""


class Announcements(Protocol):
    """The topic `model.promoted.v1`."""

    def latest(self, name: str) -> Mapping[str, ModelPromoted]:
        """The last word on `champion` and `challenger` of a model; raises `Unavailable`."""
        ...

    def publish(self, event: ModelPromoted) -> None:
        """Returns when Kafka has acknowledged it; raises `Unavailable`."""
        ...


class Aliases(Protocol):
    """A registry that shows who is champion and challenger; raises `Unavailable`."""

    def register(self, artefact: ModelPackage, *, uri: str) -> None:
        """Doing it again changes nothing."""
        ...

    def point(self, alias: str, version: str | None) -> None:
        """None takes the alias away."""
        ...


@dataclass(frozen=True)
class Done:
    """What was announced, and what could not follow."""

    event: ModelPromoted
    warnings: tuple[str, ...] = ()


class Promoter:
    """Promotes versions that are kept in folders; Kafka has the last word on what serves."""

    def __init__(
        self,
        folders: ModelFolders,
        announcements: Announcements,
        aliases: Aliases | None,
        *,
        clock: Clock,
    ) -> None:
        self._folders = folders
        self._announcements = announcements
        self._aliases = aliases
        self._clock = clock
        self._name = folders.release.name

    def champion(self) -> str:
        """The version that serves; raises `Unavailable`."""
        latest = self._announcements.latest(self._name).get(CHAMPION)
        return latest.model_version if latest else self._folders.release.version

    def tried_out(self) -> ModelPromoted | None:
        """The challenger that has a share now, if any; raises `Unavailable`."""
        tried = self._announcements.latest(self._name).get(CHALLENGER)
        return tried if tried and (tried.canary_share or tried.shadow_share) else None

    def promote(self, version: str, *, reason: str) -> Done:
        """Make a version the champion everywhere; the registry must take it first.

        Raises `Unavailable`, `NoSuchVersion`, `BadCheckpoint` and `CannotPromote`, and then the
        champion goes on serving.
        """
        latest = self._announcements.latest(self._name)
        current = latest.get(CHAMPION)
        serving = current.model_version if current else self._folders.release.version
        artefact = self._folders.find(version)
        if version == serving:
            raise CannotPromote(f"{version} is the champion already")
        if self._aliases is not None:
            self._aliases.register(artefact, uri=self._folders.uri(artefact))
        event = self._event(artefact, reason=reason, previous=serving)
        self._announcements.publish(event)
        self._end_trial(latest, f"{version} was promoted")
        return Done(event, self._pointed({CHAMPION: version, CHALLENGER: None}))

    def try_out(
        self, version: str, *, canary_share: float, shadow_share: float, reason: str
    ) -> Done:
        """Give a version a share of the users, or of the requests unseen; raises as `promote`."""
        artefact = self._folders.find(version)
        serving = self.champion()
        if version == serving:
            raise CannotPromote(f"{version} is the champion already; there is nothing to try out")
        if self._aliases is not None:
            self._aliases.register(artefact, uri=self._folders.uri(artefact))
        event = self._event(
            artefact, reason=reason, previous=serving, shares=(canary_share, shadow_share)
        )
        self._announcements.publish(event)
        return Done(event, self._pointed({CHALLENGER: version}))

    def rollback(self, *, reason: str) -> Done:
        """End a trial if there is one, else go back to the version before the champion.

        Needs Kafka alone: a registry that is away is told of in the warnings. Raises
        `Unavailable`, `NoSuchVersion`, `BadCheckpoint` and `CannotPromote`.
        """
        latest = self._announcements.latest(self._name)
        withdrawn = self._end_trial(latest, reason)
        if withdrawn is not None:
            return Done(withdrawn, self._pointed({CHALLENGER: None}))
        current = latest.get(CHAMPION)
        if current is None or current.previous_version is None:
            serving = current.model_version if current else self._folders.release.version
            raise CannotPromote(
                f"{serving} is the first model; there is none before it to go back to"
            )
        artefact = self._folders.find(current.previous_version)
        event = self._event(artefact, reason=reason, previous=artefact.previous_version)
        self._announcements.publish(event)
        return Done(event, self._pointed({CHAMPION: artefact.version}))

    def end_trial(self, version: str, *, reason: str) -> Done:
        """Take back the share of this version alone: whoever comes second finds nothing to do.

        Raises `Unavailable` and `CannotPromote`.
        """
        latest = self._announcements.latest(self._name)
        tried = latest.get(CHALLENGER)
        if tried is None or tried.model_version != version:
            raise CannotPromote(f"{version} is not tried out any more")
        withdrawn = self._end_trial(latest, reason)
        if withdrawn is None:
            raise CannotPromote(f"{version} is not tried out any more")
        return Done(withdrawn, self._pointed({CHALLENGER: None}))

    def _end_trial(self, latest: Mapping[str, ModelPromoted], reason: str) -> ModelPromoted | None:
        tried = latest.get(CHALLENGER)
        if tried is None or not (tried.canary_share or tried.shadow_share):
            return None
        now = self._clock()
        event = tried.model_copy(
            update={
                "event_id": derived_id("trial-ended", tried.model_version, now.isoformat()),
                "occurred_at": now,
                "canary_share": 0.0,
                "shadow_share": 0.0,
                "reason": reason[:MOST_REASON_CHARACTERS],
            }
        )
        self._announcements.publish(event)
        return event

    def _event(
        self,
        artefact: ModelPackage,
        *,
        reason: str,
        previous: str | None,
        shares: tuple[float, float] | None = None,
    ) -> ModelPromoted:
        now = self._clock()
        variant = CHAMPION if shares is None else CHALLENGER
        canary, shadow = shares or (0.0, 0.0)
        return ModelPromoted(
            event_id=derived_id("model-promoted", variant, artefact.version, now.isoformat()),
            occurred_at=now,
            user_id=self._name if shares is None else f"{self._name}#{CHALLENGER}",
            model_version=artefact.version,
            adapter_uri=self._folders.uri(artefact),
            adapter_sha256=artefact.sha256,
            prompt_version=artefact.prompt_version,
            metrics=dict(artefact.metrics),
            previous_version=previous,
            reason=reason[:MOST_REASON_CHARACTERS],
            variant=variant,
            canary_share=canary,
            shadow_share=shadow,
        )

    def _pointed(self, wanted: Mapping[str, str | None]) -> tuple[str, ...]:
        """The registry follows; what it cannot is told, and changes nothing for those served."""
        if self._aliases is None:
            return ()
        warnings = []
        for alias, version in wanted.items():
            try:
                if version is not None:
                    artefact = self._folders.find(version)
                    self._aliases.register(artefact, uri=self._folders.uri(artefact))
                self._aliases.point(alias, version)
            except Unavailable as error:
                warnings.append(
                    f"the alias {alias} of the registry still stands where it was: {error.detail}"
                )
        return tuple(warnings)
