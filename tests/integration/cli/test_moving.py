"""Import, export and import again on a real Kafka and a real lake give the same events."""

import gzip
import json
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner, Result

from services.cli.interchange.catalog_file import catalog_file
from services.cli.program.app import app
from services.retrain.app import build_collector
from services.retrain.config import RetrainSettings
from services.retrain.lake.schema import TABLES
from shared.client import Client
from shared.events import Feedback
from shared.events.topics import CATALOG, ERASE, FEEDBACK, FEEDS
from shared.messaging.admin.provision import provision
from shared.messaging.client.settings import MessagingSettings
from tests.unit.shared.events.interchange import samples

pytestmark = pytest.mark.kafka


class Moving:
    """The command line on this Kafka, with a tenant, a data folder and a lake of its own."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.folder = folder
        self.tenant = f"shop-{uuid4().hex[:8]}"
        self.kafka = MessagingSettings(kafka_bootstrap_servers=kafka)
        self.lake = RetrainSettings(lake_uri=str(folder / "data" / "lake"))
        provision(self.kafka, [CATALOG, FEEDBACK, FEEDS, ERASE])
        self._environment = {
            "PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "PREFERSTREAM_DATA_DIR": str(folder / "data"),
        }

    def run(self, *arguments: str | Path, code: int = 0) -> Result:
        result = CliRunner(env=self._environment).invoke(
            app, [*map(str, arguments), "--tenant", self.tenant, "--json"]
        )
        assert result.exit_code == code, result.output
        return result

    def collect(self) -> None:
        (schema,) = (table for table in TABLES if table.topic is FEEDBACK)
        build_collector(self.lake, self.kafka, CollectorRegistry(), tables=[schema]).run()

    def export(self, format: str) -> Path:
        out = self.folder / f"out-{uuid4().hex[:6]}"
        self.run("export", format, "--out", out, "--gzip")
        return out


def feedback(out: Path) -> dict[str, Feedback]:
    rows = pq.read_table(out / "feedback.parquet").to_pylist()
    events = [Feedback.model_validate_json(row["event"]) for row in rows]
    by_id = {str(event.event_id): event for event in events}
    assert len(by_id) == len(events)
    return by_id


def test_a_history_moves_in_and_out_without_a_change(kafka: str, tmp_path: Path) -> None:
    moving = Moving(kafka, tmp_path)
    history, clicks = tmp_path / "m.jsonl", tmp_path / "u.ndjson"
    history.write_text(samples.METARANK, encoding="utf-8")
    clicks.write_text(samples.UBI, encoding="utf-8")
    moving.run("import", "metarank", history, code=1)
    moving.collect()  # The rest is in Kafka only.
    moving.run("import", "ubi", clicks, code=1)
    first = feedback(out := moving.export("parquet"))
    assert len(first) == 8  # two lists of 2 and 3 views, and three actions
    assert pq.read_table(out / "catalog.parquet").to_pylist()[0]["tags"] == ["boat", "sea"]

    ubi = moving.export("ubi")
    lines = gzip.decompress((ubi / "events.ndjson.gz").read_bytes()).splitlines()
    assert {json.loads(line)["client_id"] for line in lines} == {"ada", "bob"}
    moving.run("import", "ubi", ubi / "events.ndjson.gz", ubi / "queries.ndjson.gz")
    moving.run("import", "parquet", out / "feedback.parquet", out / "catalog.parquet")
    again = moving.export("parquet")
    assert feedback(again) == first
    assert len(pq.read_table(again / "catalog.parquet")) == 1

    with Client(moving.kafka, tenant=moving.tenant) as client:
        client.send(*_erasure(moving.tenant))
    rest = moving.export("parquet")
    assert {event.user_id for event in feedback(rest).values()} == {"bob"}
    files = moving.export("ubi").iterdir()
    assert b"ada" not in b"".join(gzip.decompress(file.read_bytes()) for file in files)


def test_a_backtest_of_the_lake_gets_the_addresses_of_the_catalog(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = Moving(kafka, tmp_path)
    (tmp_path / "m.jsonl").write_text(samples.METARANK, encoding="utf-8")
    moving.run("import", "metarank", tmp_path / "m.jsonl", code=1)
    monkeypatch.setenv("PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS", kafka)
    with catalog_file(moving.tenant) as path:
        assert path is not None
        rows = pq.read_table(path).to_pylist()
    assert [(row["image_id"], row["uri"]) for row in rows] == [("p1", "https://example.org/p1.png")]
    assert not path.exists()
    monkeypatch.delenv("PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS")
    monkeypatch.setenv("PREFERSTREAM_DATA_DIR", str(tmp_path))
    with catalog_file(moving.tenant) as path:
        assert path is None


def _erasure(tenant: str) -> list[object]:
    from shared.client.requests import erasure

    return [erasure("ada", tenant=tenant)]
