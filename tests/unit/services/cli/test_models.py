"""`preferstream models` without a running system: what can be seen, and what is refused and why."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.retrain.registry.folders import ModelFolders, NewVersion
from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.checkpoint import MANIFEST
from shared.vlm.checkpoint.model_package import release

RELEASE = release(None)
WEIGHTS = {"art_style": 0.5, "color": 2.25, "medium": 0.25, "saturation": 1.5, "detail": 0.5}


class Command:
    def __init__(self, data_dir: Path) -> None:
        self.folders = ModelFolders(data_dir / "models", RELEASE)
        self._environment = {"PREFERSTREAM_DATA_DIR": str(data_dir), "PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": ""}
        self._environment["COLUMNS"] = "160"

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["models", *arguments], env=self._environment)

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self(*arguments, "--json")
        assert done.exit_code == 0, done.output
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def weigh(models: Command, weights: dict[str, float]) -> None:
    """Write into the manifest of the second version what each element counts."""
    file = models.folders.find("nano-2").folder / MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text()) | {"element_weights": weights}))


@pytest.fixture
def models(tmp_path: Path) -> Command:
    command = Command(tmp_path / "data")
    trained, report = tmp_path / "trained", tmp_path / "report"
    trained.mkdir()
    report.mkdir()
    (trained / "adapter_config.json").write_text("{}")
    (trained / "adapter_model.safetensors").write_bytes(b"weights")
    decision = {"verdict": "keep", "code": "no_signal", "reason": "It may be chance.", "checks": []}
    (report / "report.json").write_text(json.dumps({"decision": decision}))
    new = NewVersion(
        "nano-2", "adapter", RELEASE.name, datetime(2026, 1, 31, tzinfo=UTC),
        base_version=RELEASE.version, previous_version=RELEASE.version,
        metrics={"held_out_difference": 0.013}, reason="It may be chance.",
    )  # fmt: skip
    command.folders.add(trained, new, report=report)
    return command


def test_the_list_has_the_release_and_every_version(models: Command) -> None:
    told = models.json("list")
    assert [one["version"] for one in told["models"]] == [RELEASE.version, "nano-2"]
    assert "no system is running" in told["note"]
    assert "+1.3 points" in models("list").output


def test_a_version_is_shown_with_what_the_gate_found(models: Command) -> None:
    told = models.json("show", "nano-2")
    assert told["gate"]["decision"]["reason"] == "It may be chance."
    assert told["sha256"] == models.folders.find("nano-2").sha256
    assert models.json("show", RELEASE.version)["gate"] is None


def test_a_version_is_shown_with_what_elements_count_to_it(models: Command) -> None:
    assert models.json("show", "nano-2")["element_weights"] == dict.fromkeys(ELEMENTS, 1.0)
    assert "alike" in models("show", "nano-2").output
    weigh(models, WEIGHTS)
    assert models.json("show", "nano-2")["element_weights"] == WEIGHTS
    assert "color 2.25" in models("show", "nano-2").output


def test_the_list_shows_what_counts_more_where_elements_are_not_all_alike(models: Command) -> None:
    assert "counts more" not in " ".join(models("list").output.split())
    weigh(models, WEIGHTS)
    shown = models("list").output
    assert "color" in shown  # its weight may stand on the next line: the width is the terminal's
    assert shown.index("2.25") < shown.index("1.50")
    assert "medium" not in shown


def test_a_version_that_is_not_there_is_answered_with_those_that_are(models: Command) -> None:
    done = models("show", "nano-9")
    assert done.exit_code == 1
    assert "nano-2" in done.output


def test_what_the_gate_kept_out_is_not_promoted_by_an_oversight(models: Command) -> None:
    done = models("promote", "nano-2")
    assert done.exit_code == 1
    assert "--anyway" in done.output


def test_without_a_system_a_promotion_says_how_to_start_one(models: Command) -> None:
    for arguments in (["promote", "nano-2", "--anyway"], ["rollback"], ["watch"]):
        done = models(*arguments)
        assert done.exit_code == 1
        assert "preferstream up" in " ".join(done.output.split())


def test_a_share_above_one_is_wrong_use(models: Command) -> None:
    assert models("promote", "nano-2", "--canary", "2").exit_code == 2
