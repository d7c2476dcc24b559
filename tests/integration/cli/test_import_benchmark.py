"""The feedback of an imported benchmark goes through Kafka and the lake into a job's dataset."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner, Result

from services.cli.program.app import app
from services.retrain.app import build_collector
from services.retrain.config import RetrainSettings
from shared.domain.clock import system_clock
from shared.events.topics import ALL_TOPICS
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from tests.training.evaluation.public_data import layouts
from training.dataset.build import Dataset, build
from training.dataset.settings import DatasetSettings

SETTINGS = replace(DatasetSettings(), replay_share=0.0, held_out_users=0.3)


@pytest.mark.kafka
def test_a_dataset_is_built_from_imported_feedback(kafka: str, tmp_path: Path) -> None:
    messaging = MessagingSettings(kafka_bootstrap_servers=kafka)
    provision(messaging, ALL_TOPICS)
    tenant, lake, out = f"bench-{uuid4().hex[:8]}", tmp_path / "lake", tmp_path / "out"
    file = layouts.write_parquet(tmp_path / "train.parquet", layouts.choice_rows(6))
    command = ("pick-a-pic", file, "--out", out, "--references", 4, "--tenant", tenant, "--send")
    summary = json.loads(run(kafka, tmp_path, *command, "--json").stdout.splitlines()[-1])
    assert summary["sent"] == 6 * (8 + 4 * 4)

    def dataset(folder: str) -> Dataset:
        retrain = RetrainSettings(lake_uri=str(lake))
        assert not build_collector(retrain, messaging, CollectorRegistry()).run().problems
        loader = ImageLoader(ImageSettings(allowed_file_roots=(out,)))
        return build(
            str(lake), tmp_path / folder, loader, now=system_clock(), settings=SETTINGS
        )  # fmt: skip

    cases = lines(dataset("first").folder, tenant)
    assert len(cases) == 24
    assert Counter(case["kind"] for case in cases) == {"fair": 24}
    # References are in Kafka before the first feed, so that every pair has all of them; a like of
    # an earlier pair may fill the fifth place.
    assert all(4 <= len(case["liked"]) <= 5 and len(case["disliked"]) == 4 for case in cases)
    assert all(not {c["better"], c["worse"]} & {*c["liked"], *c["disliked"]} for c in cases)

    # Sent again, no event counts twice.
    run(kafka, tmp_path, *command)
    again = lines(dataset("second").folder, tenant)
    assert len(again) == 24


def test_without_a_system_nothing_is_imported(tmp_path: Path) -> None:
    file = layouts.write_parquet(tmp_path / "train.parquet", layouts.choice_rows(2))
    (tmp_path / "data").mkdir()
    environment = {"PREFERSTREAM_DATA_DIR": str(tmp_path / "data")}
    result = CliRunner(env=environment).invoke(
        app, ["import-benchmark", "pick-a-pic", str(file), "--out", str(tmp_path / "o"), "--send"]
    )
    assert result.exit_code == 1
    assert "no system runs" in result.output
    assert not list((tmp_path / "o").iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("aesthetics", "x.csv"), "is no layout; choose one of preferimg-bench"),
        (("pamela", "gone.json"), "there is no file gone.json"),
        (("pamela", __file__, "--images", "gone"), "--images gone is no folder"),
        (("pamela", __file__, "--column", "user"), "is not FIELD=COLUMN"),
        (("pamela", __file__, "--tenant", "a\x1fb"), "--tenant"),
    ],
)
def test_wrong_use_says_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["import-benchmark", *arguments, "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 2
    assert message in result.output


def run(kafka: str, folder: Path, *arguments: object) -> Result:
    environment = {
        "PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka,
        "PREFERSTREAM_DATA_DIR": str(folder / "data"),
    }
    result = CliRunner(env=environment).invoke(app, ["import-benchmark", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


def lines(folder: Path, tenant: str) -> list[dict[str, Any]]:
    """The cases of this test's users: the topics are shared with other tests."""
    texts = [
        text
        for name in ("train", "later", "held_out")
        for text in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [case for text in texts if (case := json.loads(text))["user"].startswith(f"{tenant}/")]
