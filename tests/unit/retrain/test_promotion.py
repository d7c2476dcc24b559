"""Promote, try out, roll back: what is announced, and what goes on when a part is away."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.retrain.promotion import CannotPromote, Promoter
from services.retrain.registry import ModelFolders, NewVersion, NoSuchVersion
from shared.errors import Unavailable
from shared.events import ModelPromoted
from shared.vlm.artefact import Artefact, release
from shared.vlm.checkpoint import BadCheckpoint

AT = datetime(2026, 1, 31, 2, 30, tzinfo=UTC)
RELEASE = release(None)


class Topic:
    """The topic in memory."""

    def __init__(self) -> None:
        self.events: list[ModelPromoted] = []
        self.away = False

    def latest(self, name: str) -> Mapping[str, ModelPromoted]:
        self._answer()
        keys = {name: "champion", f"{name}#challenger": "challenger"}
        return {keys[event.user_id]: event for event in self.events}

    def publish(self, event: ModelPromoted) -> None:
        self._answer()
        self.events.append(event)

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("kafka", "no broker")


class Registry:
    """Aliases in memory."""

    def __init__(self) -> None:
        self.pointed: dict[str, str | None] = {}
        self.known: set[str] = set()
        self.away = False

    def register(self, artefact: Artefact, *, uri: str) -> None:
        self._answer()
        self.known.add(artefact.version)

    def point(self, alias: str, version: str | None) -> None:
        self._answer()
        assert version is None or version in self.known
        self.pointed[alias] = version

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("mlflow", "MLflow does not answer")


class Ticking:
    """A clock that goes on by a minute at each look."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


class World:
    def __init__(self, tmp_path: Path) -> None:
        source = tmp_path / "trained"
        source.mkdir()
        (source / "adapter_config.json").write_text("{}")
        (source / "adapter_model.safetensors").write_bytes(b"weights")
        self.folders = ModelFolders(tmp_path / "models", RELEASE)
        for version, previous in (("nano-2", RELEASE.version), ("nano-3", "nano-2")):
            self.folders.add(
                source,
                NewVersion(
                    version, "adapter", RELEASE.name, AT,
                    base_version=RELEASE.version, previous_version=previous,
                ),
            )  # fmt: skip
        self.topic, self.registry = Topic(), Registry()
        self.promoter = Promoter(self.folders, self.topic, self.registry, clock=Ticking())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_promotion_names_the_folder_its_hash_and_the_one_before(world: World) -> None:
    done = world.promoter.promote("nano-2", reason="better")
    (event,) = world.topic.events
    assert done.event == event
    assert (event.key, event.variant) == (RELEASE.name, "champion")
    assert event.adapter_sha256 == world.folders.find("nano-2").sha256
    assert event.previous_version == RELEASE.version
    assert world.registry.pointed == {"champion": "nano-2", "challenger": None}


def test_two_rollbacks_go_back_two_versions_and_a_third_says_that_there_is_none(
    world: World,
) -> None:
    world.promoter.promote("nano-2", reason="better")
    world.promoter.promote("nano-3", reason="better still")
    assert world.promoter.rollback(reason="wrong").event.model_version == "nano-2"
    assert world.promoter.rollback(reason="wrong").event.model_version == RELEASE.version
    assert world.topic.events[-1].adapter_uri == f"release:{RELEASE.version}"
    with pytest.raises(CannotPromote, match="first model"):
        world.promoter.rollback(reason="wrong")


def test_the_champion_cannot_be_promoted_again(world: World) -> None:
    world.promoter.promote("nano-2", reason="better")
    with pytest.raises(CannotPromote, match="already"):
        world.promoter.promote("nano-2", reason="better")


def test_a_version_that_is_not_there_is_told_with_those_that_are(world: World) -> None:
    with pytest.raises(NoSuchVersion, match="nano-2, nano-3"):
        world.promoter.promote("nano-9", reason="?")
    assert world.topic.events == []


def test_a_broken_folder_is_never_announced(world: World) -> None:
    (world.folders.find("nano-2").folder / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(BadCheckpoint):
        world.promoter.promote("nano-2", reason="better")
    assert world.topic.events == []


def test_without_the_registry_nothing_is_promoted(world: World) -> None:
    world.registry.away = True
    with pytest.raises(Unavailable, match="MLflow"):
        world.promoter.promote("nano-2", reason="better")
    assert world.topic.events == []


def test_without_the_registry_a_rollback_works_and_says_what_could_not_follow(
    world: World,
) -> None:
    world.promoter.promote("nano-2", reason="better")
    world.registry.away = True
    done = world.promoter.rollback(reason="wrong")
    assert done.event.model_version == RELEASE.version
    assert "alias champion" in done.warnings[0]


def test_without_kafka_nothing_changes_anywhere(world: World) -> None:
    world.topic.away = True
    with pytest.raises(Unavailable, match="no broker"):
        world.promoter.promote("nano-2", reason="better")
    assert world.registry.pointed == {}


def test_a_trial_has_its_own_key_and_leaves_the_champion(world: World) -> None:
    world.promoter.try_out("nano-2", canary_share=0.1, shadow_share=0.5, reason="a look")
    (event,) = world.topic.events
    assert event.key == f"{RELEASE.name}#challenger"
    assert (event.canary_share, event.shadow_share) == (0.1, 0.5)
    assert world.promoter.champion() == RELEASE.version


def test_a_rollback_during_a_trial_ends_the_trial_alone(world: World) -> None:
    world.promoter.promote("nano-2", reason="better")
    world.promoter.try_out("nano-3", canary_share=0.1, shadow_share=0, reason="a look")
    done = world.promoter.rollback(reason="likes fell")
    assert (done.event.variant, done.event.canary_share) == ("challenger", 0.0)
    assert world.promoter.champion() == "nano-2"
    assert world.promoter.tried_out() is None
    assert world.registry.pointed["challenger"] is None


def test_a_promotion_ends_the_trial(world: World) -> None:
    world.promoter.try_out("nano-2", canary_share=0.1, shadow_share=0, reason="a look")
    world.promoter.promote("nano-2", reason="better")
    assert world.promoter.tried_out() is None
    assert world.promoter.champion() == "nano-2"


def test_no_two_events_share_an_id(world: World) -> None:
    world.promoter.promote("nano-2", reason="better")
    world.promoter.rollback(reason="wrong")
    world.promoter.promote("nano-2", reason="better after all")
    ids = [event.event_id for event in world.topic.events]
    assert len(set(ids)) == len(ids)
