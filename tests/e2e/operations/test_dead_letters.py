"""A broken request becomes a dead letter, is corrected, replayed and answered."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.cli.demo.image_files import DemoFiles
from shared.client.topic_reader import events_of, topic_reader
from shared.events import RankedFeed
from shared.events.topics import CANDIDATES, FEEDS
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing
from shared.messaging.client.producer import send_once
from tests.e2e.pictures import request, story_files
from tests.e2e.system import System, preferstream

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]
TIMEOUT_SECONDS = 120.0


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "dead-letters")


def dlq(system: System, *arguments: str, code: int = 0) -> Any:
    completed = preferstream("dlq", *arguments, "--json", data_dir=system.data_dir)
    assert completed.returncode == code, (arguments, completed.stdout, completed.stderr)
    return json.loads(completed.stdout) if completed.stdout else completed.stderr


def listed(system: System, mark: str, *arguments: str) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = dlq(system, "list", "--text", mark, *arguments)["letters"]
    return letters


def waited_for(system: System, mark: str, count: int) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = []
    for _ in range(40):
        letters = listed(system, mark)
        if len(letters) >= count:
            break
    return letters


def test_a_dead_letter_is_corrected_replayed_and_answered(
    system: System, files: DemoFiles, tmp_path: Path
) -> None:
    mark = f"corrected-{uuid4().hex[:8]}"
    good = encode(request("dead-letters", [files.slate[0]], request_id=mark, explain="none"))
    assert good.value is not None
    broken = good.value.replace(b'"explain":"none"', b'"explain":"nothing"')
    send_once(system.kafka, Outgoing(CANDIDATES.name, good.key, broken, good.headers))

    (letter,) = waited_for(system, mark, 1)
    assert (letter["topic"], letter["reason"]) == (CANDIDATES.name, "invalid_event")
    shown = preferstream("dlq", "show", letter["id"], data_dir=system.data_dir)
    assert "explain" in shown.stdout
    assert "open" in shown.stdout
    refused = preferstream("dlq", "replay", letter["id"], data_dir=system.data_dir)
    assert (refused.returncode, "dead letter again" in " ".join(refused.stderr.split())) == (
        1,
        True,
    )

    corrected = tmp_path / "corrected.json"
    corrected.write_bytes(good.value)
    with topic_reader(system.kafka, FEEDS) as feeds:
        replayed = dlq(
            system, "replay", letter["id"], "--value", str(corrected), "--note", "a typo"
        )
        feed = next(
            feed
            for feed in events_of(feeds.records_for(seconds=TIMEOUT_SECONDS), RankedFeed)
            if feed.request_id == mark
        )
    assert [item.image_id for item in feed.items] == [files.slate[0].name]
    assert replayed["resolved"][0]["resolution"] == "replayed"
    assert listed(system, mark) == []
    (kept,) = listed(system, mark, "--include-resolved")
    assert (kept["resolved"]["fixed"], kept["resolved"]["note"]) == (True, "a typo")
    again = dlq(system, "replay", letter["id"], code=1)
    assert "was replayed at" in again["refused"][letter["id"]]


def test_several_dead_letters_are_dropped_together(system: System) -> None:
    mark = f"dropped-{uuid4().hex[:8]}"
    records = [Outgoing(CANDIDATES.name, mark.encode(), f"{mark} {n}".encode()) for n in range(3)]
    send_once(system.kafka, *records)
    assert len(waited_for(system, mark, 3)) == 3
    outcome = dlq(system, "drop", "--all", "--text", mark, "--reason", "not_json")
    assert len(outcome["resolved"]) == 3
    assert listed(system, mark) == []


@pytest.mark.parametrize("settings", [{"COLUMNS": "60"}, {"PYTHONIOENCODING": "ascii"}, {}])
def test_an_id_can_be_copied_from_any_output(system: System, settings: dict[str, str]) -> None:
    mark = f"copied-{uuid4().hex[:8]}"
    value = f"{mark} \x1b[2J [bold]写真[/]".encode()
    send_once(system.kafka, Outgoing(CANDIDATES.name, mark.encode(), value))
    (letter,) = waited_for(system, mark, 1)
    table = preferstream("dlq", "list", "--text", mark, data_dir=system.data_dir, **settings)
    ids = [line.split("\t")[0] for line in table.stdout.splitlines()]
    assert letter["id"] in ids, table.stdout
    shown = preferstream("dlq", "show", letter["id"], data_dir=system.data_dir, **settings)
    assert shown.returncode == 0, shown.stderr
    assert r"\x1b[2J [bold]" in shown.stdout
    assert "\x1b" not in table.stdout + shown.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--topic", "no.such"], "has no dead letters"),
        (["list", "--since", "yesterday"], "is not a time"),
        (["list", "--after", "nonsense"], "is not a cursor of a page"),
        (["replay"], "name the ids"),
        (["replay", "a", "--all"], "name the ids"),
        (["replay", "a", "b", "--value", "x.json"], "exactly one dead letter"),
    ],
)
def test_wrong_use_ends_with_exit_code_2_and_a_message(
    system: System, arguments: list[str], message: str
) -> None:
    completed = preferstream("dlq", *arguments, data_dir=system.data_dir)
    assert completed.returncode == 2
    assert message in " ".join(completed.stderr.split())
