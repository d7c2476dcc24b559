"""Promote, try out, roll back: the published events, and the behaviour without Kafka or MLflow."""

from pathlib import Path

import pytest

from services.retrain.registry.folders import NoSuchVersion
from services.retrain.registry.promotion import CannotPromote
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from tests.unit.services.retrain.registry.world import RELEASE, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_promotion_event_has_the_hash_and_the_previous_version(world: World) -> None:
    promotion = world.promoter.promote("nano-2", reason="better")
    (event,) = world.topic.events
    assert promotion.event == event
    assert (event.key, event.variant) == (RELEASE.name, "champion")
    assert event.adapter_sha256 == world.folders.find("nano-2").sha256
    assert event.previous_version == RELEASE.version
    assert world.registry.pointed == {"champion": "nano-2", "challenger": None}


def test_two_rollbacks_return_two_versions_and_a_third_is_an_error(
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


def test_an_unknown_version_is_an_error_that_lists_the_known_ones(world: World) -> None:
    with pytest.raises(NoSuchVersion, match="nano-2, nano-3"):
        world.promoter.promote("nano-9", reason="?")
    assert world.topic.events == []


def test_a_broken_folder_is_never_promoted(world: World) -> None:
    (world.folders.find("nano-2").folder / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(BadCheckpoint):
        world.promoter.promote("nano-2", reason="better")
    assert world.topic.events == []


def test_without_mlflow_nothing_is_promoted(world: World) -> None:
    world.registry.available = False
    with pytest.raises(Unavailable, match="MLflow"):
        world.promoter.promote("nano-2", reason="better")
    assert world.topic.events == []


def test_without_mlflow_a_rollback_works_with_a_warning(
    world: World,
) -> None:
    world.promoter.promote("nano-2", reason="better")
    world.registry.available = False
    promotion = world.promoter.rollback(reason="wrong")
    assert promotion.event.model_version == RELEASE.version
    assert "alias champion" in promotion.warnings[0]


def test_without_kafka_nothing_changes_anywhere(world: World) -> None:
    world.topic.available = False
    with pytest.raises(Unavailable, match="no broker"):
        world.promoter.promote("nano-2", reason="better")
    assert world.registry.pointed == {}


def test_a_trial_has_its_own_key_and_leaves_the_champion(world: World) -> None:
    world.promoter.start_trial("nano-2", canary_share=0.1, shadow_share=0.5, reason="a look")
    (event,) = world.topic.events
    assert event.key == f"{RELEASE.name}#challenger"
    assert (event.canary_share, event.shadow_share) == (0.1, 0.5)
    assert world.promoter.champion() == RELEASE.version


def test_a_rollback_during_a_trial_only_ends_the_trial(world: World) -> None:
    world.promoter.promote("nano-2", reason="better")
    world.promoter.start_trial("nano-3", canary_share=0.1, shadow_share=0, reason="a look")
    promotion = world.promoter.rollback(reason="likes fell")
    assert (promotion.event.variant, promotion.event.canary_share) == ("challenger", 0.0)
    assert world.promoter.champion() == "nano-2"
    assert world.promoter.challenger() is None
    assert world.registry.pointed["challenger"] is None


def test_a_promotion_ends_the_trial(world: World) -> None:
    world.promoter.start_trial("nano-2", canary_share=0.1, shadow_share=0, reason="a look")
    world.promoter.promote("nano-2", reason="better")
    assert world.promoter.challenger() is None
    assert world.promoter.champion() == "nano-2"


def test_no_two_events_share_an_id(world: World) -> None:
    world.promoter.promote("nano-2", reason="better")
    world.promoter.rollback(reason="wrong")
    world.promoter.promote("nano-2", reason="better after all")
    ids = [event.event_id for event in world.topic.events]
    assert len(set(ids)) == len(ids)
