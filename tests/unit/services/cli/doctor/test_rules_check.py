"""`doctor` and `rules check` name what is wrong with a rules file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.doctor.rules_check import check_rules
from services.cli.verbs.system.rules import app

VALID = '[[tenants.gallery.pins]]\nname = "hero"\nimage_id = "hero"\nplace = 1\n'


def test_no_rules_file_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFERSTREAM_RULES_FILE", raising=False)
    assert check_rules().ok


def test_doctor_counts_the_rules_of_each_tenant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(VALID)
    monkeypatch.setenv("PREFERSTREAM_RULES_FILE", str(path))
    result = check_rules()
    assert result.ok
    assert "gallery has 1 pins, 0 caps and 0 boosts" in result.detail


def test_doctor_names_the_line_of_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(VALID.replace("place", "rank"))
    monkeypatch.setenv("PREFERSTREAM_RULES_FILE", str(path))
    result = check_rules()
    assert not result.ok
    assert "line 4: tenants.gallery.pins[1].rank: no such field" in result.detail


def test_rules_check_prints_the_digest_or_the_errors(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(VALID)
    valid = CliRunner().invoke(app, ["check", str(path), "--json"])
    assert valid.exit_code == 0
    assert json.loads(valid.stdout)["tenants"] == {"gallery": ["hero"]}
    path.write_text("[")
    broken = CliRunner().invoke(app, ["check", str(path), "--json"])
    assert broken.exit_code == 1
    assert "not valid TOML" in json.loads(broken.stdout)["errors"][0]
