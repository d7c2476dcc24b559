"""`preferstream night` runs a training job on a data folder without a running system."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.local.kafka.broker import start_local_kafka
from shared.events.topics import ALL_TOPICS
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from tests.e2e.system import environment, no_process_within, preferstream
from tests.e2e.training.simulated_feedback import send_clicks

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(3600)]
VERDICTS = {
    "better", "no_signal", "worse", "few_users", "format", "benchmark", "order", "later_days",
    "release", "too_little_data", "no_time",
}  # fmt: skip
"""Codes of a job without a failure."""


def _collect_clicks(data_dir: Path, users: int) -> None:
    with start_local_kafka(data_dir / "kafka", start_timeout_seconds=180) as kafka:
        settings = MessagingSettings(kafka_bootstrap_servers=kafka.bootstrap)
        provision(settings, ALL_TOPICS)
        send_clicks(kafka.bootstrap, users=users)


def _run_job(data_dir: Path, *arguments: str) -> dict[str, Any]:
    completed = preferstream("night", "--json", *arguments, data_dir=data_dir, timeout=2_000)
    assert completed.returncode == 0, completed.stderr[-3000:]
    outcome: dict[str, Any] = json.loads(completed.stdout)
    return outcome


def _killed_in_training(data_dir: Path) -> None:
    """Kill the command with SIGKILL when SFT starts; its child processes must end too."""
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "night", "--minutes", "15"],
        env=environment(data_dir), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "sft: starting" in line:
            break
    process.kill()
    process.wait(30)
    process.stderr.close()
    assert "sft: starting" in lines[-1], "".join(lines[-5:])
    assert no_process_within(data_dir / "training-jobs", 60), "training outlived its parent process"


def test_a_job_with_a_few_clicks_has_too_little_data(tmp_path: Path) -> None:
    _collect_clicks(tmp_path, 3)
    outcome = _run_job(tmp_path, "--minutes", "5")
    assert (outcome["verdict"], outcome["code"]) == ("kept", "too_little_data")
    assert "200 pairs of 50 users are needed" in outcome["reason"]


@pytest.mark.night
def test_a_killed_job_is_resumed_and_ends_with_a_verdict(tmp_path: Path) -> None:
    _collect_clicks(tmp_path, 320)
    before = _run_job(tmp_path, "--dry-run")
    assert before["code"] == "dry_run"
    _killed_in_training(tmp_path)
    outcome = _run_job(tmp_path, "--minutes", "15")
    assert outcome["code"] in VERDICTS
    folders = list((tmp_path / "training-jobs").glob("manual-*"))
    assert len(folders) == 2, "the dry run, and one job that was resumed"
    history = (tmp_path / "models" / "training_jobs.jsonl").read_text().splitlines()
    assert json.loads(history[-1])["reason"] == outcome["reason"]
    if outcome["report"]:
        report = json.loads((Path(outcome["report"]) / "report.json").read_text())
        assert report["findings"]["held_out_users"]["pairs"] >= 200
        assert (Path(outcome["report"]) / "report.html").is_file()
        listed = json.loads(preferstream("models", "list", "--json", data_dir=tmp_path).stdout)
        assert outcome["version"] in [model["version"] for model in listed["models"]]
