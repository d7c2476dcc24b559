"""Alert rules are valid, each one is tested to fire, and each has a runbook that is there."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from services.cli.reference.all_metrics import known_metrics
from tests.integration.infra.go_tools import promtool
from tests.project_root import PROJECT_ROOT
from tests.queries import names_in

FOLDER = PROJECT_ROOT / "infra" / "prometheus"
NOT_OURS = {"up", "process_start_time_seconds", "ALERTS"}
# Where there is no promtool, the first of these builds it, which takes minutes.
checked_by_promtool = [pytest.mark.slow, pytest.mark.timeout(2_700)]


def rules() -> Iterator[Mapping[str, Any]]:
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]:
        yield from group["rules"]


RULES = {rule["alert"]: rule for rule in rules()}


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(promtool()), *arguments],
        cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


class TestByPromtool:
    pytestmark = checked_by_promtool

    def test_the_rules_are_valid(self) -> None:
        told = _promtool("check", "rules", "alerts.yml")
        assert told.returncode == 0, told.stdout + told.stderr

    def test_the_rules_fire_and_keep_silent_as_their_tests_say(self) -> None:
        told = _promtool("test", "rules", "alerts_test.yml")
        assert told.returncode == 0, told.stdout + told.stderr

    def test_a_rule_that_is_changed_fails_its_test(self, tmp_path: Path) -> None:
        changed = (FOLDER / "alerts.yml").read_text("utf-8").replace("> 100", "> 100000")
        (tmp_path / "alerts.yml").write_text(changed, encoding="utf-8")
        (tmp_path / "alerts_test.yml").write_bytes((FOLDER / "alerts_test.yml").read_bytes())
        told = _promtool("test", "rules", str(tmp_path / "alerts_test.yml"))
        assert told.returncode != 0

    def test_the_configuration_is_valid(self) -> None:
        told = _promtool("check", "config", "--syntax-only", "prometheus.yml")
        assert told.returncode == 0, told.stdout + told.stderr


def test_every_alert_is_tested_to_fire() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text("utf-8"))["tests"]
    fired = set()
    for one in tests:
        for asked in one.get("promql_expr_test", []):
            for sample in asked["exp_samples"]:
                fired |= set(re.findall(r'alertname="(\w+)"', sample["labels"]))
        fired |= {asked["alertname"] for asked in one.get("alert_rule_test", [])
                  if asked["exp_alerts"]}  # fmt: skip
    assert fired == set(RULES)


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_has_a_summary_a_severity_and_a_runbook(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook"] == f"infra/runbooks.md#{alert.lower()}"
    assert f"\n## {alert}\n" in (PROJECT_ROOT / "infra" / "runbooks.md").read_text("utf-8")


def test_no_runbook_is_left_of_an_alert_that_went() -> None:
    page = (PROJECT_ROOT / "infra" / "runbooks.md").read_text("utf-8")
    assert set(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == set(RULES)


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_asks_for_metrics_that_there_are(alert: str) -> None:
    series = frozenset[str]().union(*(metric.series for metric in known_metrics()))
    asked = names_in(promql_parser.parse(RULES[alert]["expr"]))
    assert asked
    assert asked <= series | NOT_OURS
