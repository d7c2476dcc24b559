"""`preferstream models` without a running system: it lists versions, and explains refusals."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.program.app import app
from services.retrain.registry.folders import ModelFolders, NewVersion
from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.checkpoint import MANIFEST
from shared.vlm.checkpoint.model_package import release

RELEASE = release(None)
WEIGHTS = {"art_style": 0.5, "color": 2.25, "medium": 0.25, "saturation": 1.5, "detail": 0.5}


class Command:
    def __init__(self, data_dir: Path) -> None:
        self.folders = ModelFolders(data_dir / "models", RELEASE)
        self._environment = {
            "PREFERSTREAM_DATA_DIR": str(data_dir),
            "PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": "",
        }
        self._environment["COLUMNS"] = "160"

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["models", *arguments], env=self._environment)

    def json(self, *arguments: str) -> dict[str, Any]:
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        payload: dict[str, Any] = json.loads(result.stdout)
        return payload


def set_weights(models: Command, weights: dict[str, float]) -> None:
    """Write element weights into the manifest of the second version."""
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
    payload = models.json("list")
    assert [entry["version"] for entry in payload["models"]] == [RELEASE.version, "nano-2"]
    assert "no system is running" in payload["note"]
    assert "+1.3 points" in models("list").output


def test_a_version_is_shown_with_the_gates_report(models: Command) -> None:
    payload = models.json("show", "nano-2")
    assert payload["gate"]["decision"]["reason"] == "It may be chance."
    assert payload["sha256"] == models.folders.find("nano-2").sha256
    assert models.json("show", RELEASE.version)["gate"] is None


def test_a_version_is_shown_with_its_element_weights(models: Command) -> None:
    assert models.json("show", "nano-2")["element_weights"] == dict.fromkeys(ELEMENTS, 1.0)
    assert "equal" in models("show", "nano-2").output
    set_weights(models, WEIGHTS)
    assert models.json("show", "nano-2")["element_weights"] == WEIGHTS
    assert "color 2.25" in models("show", "nano-2").output


def test_the_list_shows_the_higher_weights_if_weights_are_unequal(models: Command) -> None:
    assert "higher weights" not in " ".join(models("list").output.split())
    set_weights(models, WEIGHTS)
    shown = models("list").output
    assert "color" in shown  # the weight may be on the next line, as the terminal is narrow
    assert shown.index("2.25") < shown.index("1.50")
    assert "medium" not in shown


def test_an_unknown_version_is_an_error_that_lists_the_versions(models: Command) -> None:
    result = models("show", "nano-9")
    assert result.exit_code == 1
    assert "nano-2" in result.output


def test_a_version_that_the_gate_rejected_needs_force(models: Command) -> None:
    result = models("promote", "nano-2")
    assert result.exit_code == 1
    assert "--force" in result.output


def test_without_a_system_the_error_says_how_to_start_one(models: Command) -> None:
    for arguments in (["promote", "nano-2", "--force"], ["rollback"], ["watch"]):
        result = models(*arguments)
        assert result.exit_code == 1
        assert "preferstream up" in " ".join(result.output.split())


def test_a_share_above_one_is_wrong_use(models: Command) -> None:
    assert models("promote", "nano-2", "--canary", "2").exit_code == 2
