"""Every alert rule is valid, fires in a test, has a runbook, and reads metrics that exist."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from services.cli.reference.all_metrics import known_metrics
from shared.jobs.result_codes import NEEDS_REPAIR
from tests.integration.infra.go_tools import rules_checker
from tests.support.project_root import PROJECT_ROOT
from tests.support.promql_names import names_in

FOLDER = PROJECT_ROOT / "infra" / "prometheus"
METRICS_OF_PROMETHEUS = {"up", "process_start_time_seconds", "ALERTS"}
# The first of these tests builds the checker, which takes minutes.
needs_the_checker = [pytest.mark.slow, pytest.mark.timeout(2_700)]


def rules() -> Iterator[Mapping[str, Any]]:
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]:
        yield from group["rules"]


RULES = {rule["alert"]: rule for rule in rules()}


def _check(verb: str, file: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(rules_checker()), verb, file],
        cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


class TestWithTheCodeOfPrometheus:
    pytestmark = needs_the_checker

    def test_the_rules_are_valid(self) -> None:
        checked = _check("check-rules", "alerts.yml")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_a_rule_with_invalid_promql_is_rejected(self, tmp_path: Path) -> None:
        broken = tmp_path / "alerts.yml"
        broken.write_text((FOLDER / "alerts.yml").read_text("utf-8").replace("> 100", "> ("))
        assert _check("check-rules", str(broken)).returncode == 1

    def test_the_rules_pass_their_own_tests(self) -> None:
        checked = _check("test-rules", "alerts_test.yml")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_a_changed_rule_fails_its_test(self, tmp_path: Path) -> None:
        changed = (FOLDER / "alerts.yml").read_text("utf-8").replace("> 100", "> 100000")
        (tmp_path / "alerts.yml").write_text(changed, encoding="utf-8")
        (tmp_path / "alerts_test.yml").write_bytes((FOLDER / "alerts_test.yml").read_bytes())
        assert _check("test-rules", str(tmp_path / "alerts_test.yml")).returncode == 1

    def test_the_configuration_is_valid(self) -> None:
        checked = _check("check-config", "prometheus.yml")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_a_configuration_with_an_unknown_field_is_rejected(self, tmp_path: Path) -> None:
        broken = tmp_path / "prometheus.yml"
        text = (FOLDER / "prometheus.yml").read_text("utf-8")
        broken.write_text(text.replace("scrape_configs:", "scrape_configurations:"))
        assert _check("check-config", str(broken)).returncode == 1


def test_every_alert_fires_in_a_test() -> None:
    cases = yaml.safe_load((FOLDER / "alerts_test.yml").read_text("utf-8"))["tests"]
    fired = set()
    for case in cases:
        for query in case.get("promql_expr_test", []):
            for sample in query["exp_samples"]:
                fired |= set(re.findall(r'alertname="(\w+)"', sample["labels"]))
        fired |= {alert["alertname"] for alert in case.get("alert_rule_test", [])
                  if alert["exp_alerts"]}  # fmt: skip
    assert fired == set(RULES)


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_has_a_summary_a_severity_and_a_runbook(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook"] == f"infra/runbooks.md#{alert.lower()}"
    assert f"\n## {alert}\n" in (PROJECT_ROOT / "infra" / "runbooks.md").read_text("utf-8")


def test_the_alert_of_a_failed_job_selects_the_codes_that_need_repair() -> None:
    (codes,) = re.findall(r'code=~"([^"]+)"', RULES["PreferstreamTrainingJobFailed"]["expr"])
    assert sorted(codes.split("|")) == sorted(NEEDS_REPAIR)


def test_every_runbook_belongs_to_an_alert() -> None:
    page = (PROJECT_ROOT / "infra" / "runbooks.md").read_text("utf-8")
    assert set(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == set(RULES)


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_reads_metrics_that_exist(alert: str) -> None:
    known = frozenset[str]().union(*(metric.series for metric in known_metrics()))
    names = names_in(promql_parser.parse(RULES[alert]["expr"]))
    assert names
    assert names <= known | METRICS_OF_PROMETHEUS
