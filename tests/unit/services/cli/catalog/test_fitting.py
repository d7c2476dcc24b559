"""`preferstream catalog fit` shows what was fitted, and names what is missing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.verbs.app.catalog import app


def test_a_lake_without_clicks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_LAKE_URI", str(tmp_path / "lake"))
    result = CliRunner().invoke(app, ["fit", "--out", str(tmp_path / "weights.json")])
    assert result.exit_code == 1
    assert not (tmp_path / "weights.json").exists()
