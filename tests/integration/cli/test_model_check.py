"""`preferstream model check` on the shipped model: it can be used, and the report says so."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.program.app import app

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]


def test_the_shipped_model_passes_its_check(tmp_path: Path) -> None:
    page = tmp_path / "check.html"
    result = CliRunner().invoke(app, ["model", "check", "--json", "--page", str(page)])
    report = json.loads(result.stdout)
    assert result.exit_code == 0, report
    assert report["ok"]
    states = {check["name"]: check["state"] for check in report["checks"]}
    assert "wrong" not in states.values()
    assert {states[name] for name in ("files", "digits", "profile", "red from blue")} == {"ok"}
    assert "the shipped model can be used" in page.read_text(encoding="utf-8")


def test_a_path_that_is_no_folder_is_named() -> None:
    result = CliRunner().invoke(app, ["model", "check", "/no/such/folder"])
    assert result.exit_code == 1
    assert "neither a folder nor an address" in result.output
