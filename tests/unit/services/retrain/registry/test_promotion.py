"""Promote, try out, roll back: the published events, and the behaviour without Kafka or MLflow."""

from pathlib import Path

import pytest

from services.retrain.registry.folders import NoSuchVersion
from services.retrain.registry.promotion import CannotPromote
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from tests.unit.services.retrain.registry.registry_setup import RELEASE, RegistrySetup


@pytest.fixture
def setup(tmp_path: Path) -> RegistrySetup:
    return RegistrySetup(tmp_path)


def test_a_promotion_event_has_the_hash_and_the_previous_version(setup: RegistrySetup) -> None:
    promotion = setup.promoter.promote("nano-2", reason="better")
    (event,) = setup.topic.events
    assert promotion.event == event
    assert (event.key, event.variant) == (RELEASE.name, "champion")
    assert event.adapter_sha256 == setup.folders.find("nano-2").sha256
    assert event.previous_version == RELEASE.version
    assert setup.mirror.aliases == {"champion": "nano-2", "challenger": None}


def test_two_rollbacks_go_back_two_versions_and_a_third_is_an_error(
    setup: RegistrySetup,
) -> None:
    setup.promoter.promote("nano-2", reason="better")
    setup.promoter.promote("nano-3", reason="better still")
    assert setup.promoter.rollback(reason="wrong").event.model_version == "nano-2"
    assert setup.promoter.rollback(reason="wrong").event.model_version == RELEASE.version
    assert setup.topic.events[-1].adapter_uri == f"release:{RELEASE.version}"
    with pytest.raises(CannotPromote, match="first model"):
        setup.promoter.rollback(reason="wrong")


def test_the_champion_cannot_be_promoted_again(setup: RegistrySetup) -> None:
    setup.promoter.promote("nano-2", reason="better")
    with pytest.raises(CannotPromote, match="already"):
        setup.promoter.promote("nano-2", reason="better")


def test_the_error_of_an_unknown_version_lists_the_known_versions(setup: RegistrySetup) -> None:
    with pytest.raises(NoSuchVersion, match="nano-2, nano-3"):
        setup.promoter.promote("nano-9", reason="?")
    assert setup.topic.events == []


def test_a_broken_folder_is_never_promoted(setup: RegistrySetup) -> None:
    (setup.folders.find("nano-2").folder / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(BadCheckpoint):
        setup.promoter.promote("nano-2", reason="better")
    assert setup.topic.events == []


def test_nothing_is_promoted_while_mlflow_is_unavailable(setup: RegistrySetup) -> None:
    setup.mirror.available = False
    with pytest.raises(Unavailable, match="MLflow"):
        setup.promoter.promote("nano-2", reason="better")
    assert setup.topic.events == []


def test_a_rollback_while_mlflow_is_unavailable_gives_a_warning(
    setup: RegistrySetup,
) -> None:
    setup.promoter.promote("nano-2", reason="better")
    setup.mirror.available = False
    promotion = setup.promoter.rollback(reason="wrong")
    assert promotion.event.model_version == RELEASE.version
    assert "alias champion" in promotion.warnings[0]


def test_nothing_changes_while_kafka_is_unavailable(setup: RegistrySetup) -> None:
    setup.topic.available = False
    with pytest.raises(Unavailable, match="no broker"):
        setup.promoter.promote("nano-2", reason="better")
    assert setup.mirror.aliases == {}


def test_a_trial_has_its_own_key_and_does_not_change_the_champion(setup: RegistrySetup) -> None:
    setup.promoter.start_trial("nano-2", canary_share=0.1, shadow_share=0.5, reason="a look")
    (event,) = setup.topic.events
    assert event.key == f"{RELEASE.name}#challenger"
    assert (event.canary_share, event.shadow_share) == (0.1, 0.5)
    assert setup.promoter.champion() == RELEASE.version


def test_a_rollback_during_a_trial_only_ends_the_trial(setup: RegistrySetup) -> None:
    setup.promoter.promote("nano-2", reason="better")
    setup.promoter.start_trial("nano-3", canary_share=0.1, shadow_share=0, reason="a look")
    promotion = setup.promoter.rollback(reason="likes fell")
    assert (promotion.event.variant, promotion.event.canary_share) == ("challenger", 0.0)
    assert setup.promoter.champion() == "nano-2"
    assert setup.promoter.challenger() is None
    assert setup.mirror.aliases["challenger"] is None


def test_a_promotion_ends_the_trial(setup: RegistrySetup) -> None:
    setup.promoter.start_trial("nano-2", canary_share=0.1, shadow_share=0, reason="a look")
    setup.promoter.promote("nano-2", reason="better")
    assert setup.promoter.challenger() is None
    assert setup.promoter.champion() == "nano-2"


def test_no_two_events_share_an_id(setup: RegistrySetup) -> None:
    setup.promoter.promote("nano-2", reason="better")
    setup.promoter.rollback(reason="wrong")
    setup.promoter.promote("nano-2", reason="better after all")
    ids = [event.event_id for event in setup.topic.events]
    assert len(set(ids)) == len(ids)
