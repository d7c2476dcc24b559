"""The lake gives the lists of our own feeds with their propensities, clicks and addresses."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.retrain.lake.schema import TABLES, row_of
from services.retrain.lake.table import LakeTable
from shared.domain.ids import derived_id
from shared.events.wire.record import Record
from training.simulate.backtest.history import HistoryBuilder
from training.simulate.backtest.lake_history import read_lake

NOW = datetime(2026, 11, 30, tzinfo=UTC)
AT = "2026-05-01T10:00:00Z"


def store(lake: Path, table: str, *events: dict[str, Any]) -> None:
    (schema,) = (schema for schema in TABLES if schema.name == table)
    lake_table = LakeTable(str(lake), schema)
    lake_table.prepare()
    rows = [
        row_of(
            schema,
            Record(schema.topic.name, 0, n, int(NOW.timestamp() * 1000), None,
                   json.dumps({"event_id": str(derived_id(table, n)), "occurred_at": AT,
                               **event}).encode()),
            now=NOW,
        )
        for n, event in enumerate(events)
    ]  # fmt: skip
    lake_table.append(rows, {0: len(rows)}, after={})


def test_feeds_of_the_lake_become_lists_with_propensities(tmp_path: Path) -> None:
    user = {"user_id": "ada", "tenant": "it's"}
    item = {"score": 9.0, "elements": None, "tier": "vlm", "propensity": 0.5, "explored": True}
    uri = "https://example.org/a.png"
    store(tmp_path, "candidates",
          {**user, "request_id": "r", "candidates": [{"image_id": "a", "uri": uri}]})  # fmt: skip
    store(
        tmp_path, "feeds",
        {**user, "request_id": "r", "status": "ok", "profile_version": 1, "model_version": "m",
         "items": [{**item, "image_id": "a", "rank": 1}, {**item, "image_id": "b", "rank": 2}]},
        {"no": "event"},
    )  # fmt: skip
    store(
        tmp_path, "feedback",
        {**user, "type": "click", "image_id": "b", "request_id": "r"},
        {**user, "type": "click", "image_id": "b", "request_id": "r", "tenant": "other"},
    )  # fmt: skip
    builder = HistoryBuilder(users=5, seed=0)
    assert read_lake(builder, str(tmp_path), tenant="it's", storage_options={}) == 3
    history = builder.build()
    (ranking,) = history.rankings
    assert ranking.image_ids == ("a", "b")
    assert ranking.clicked == {"b"}
    assert ranking.propensities == (0.5, 0.5)
    assert ranking.explored == (True, True)
    assert history.addresses == {("it's", "a"): uri}
    assert history.all_users == 1


def test_a_lake_that_does_not_exist_is_an_empty_history(tmp_path: Path) -> None:
    builder = HistoryBuilder(users=5, seed=0)
    assert read_lake(builder, str(tmp_path / "none"), tenant="x", storage_options={}) == 0
