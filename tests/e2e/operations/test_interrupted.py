"""Ctrl-C ends each command within seconds, with a sentence, and its next run works."""

import fcntl
import json
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from services.cli.demo.image_files import DemoFiles
from services.cli.publishing.progress import SEND_AT_ONCE
from shared.client import Client
from shared.events.topics import CANDIDATES
from shared.messaging.client.connection import settings_of
from shared.messaging.read.tail import whole_topic
from tests.e2e.pictures import story_files
from tests.e2e.system import System, environment, no_process_within, preferstream
from tests.support.json_values import json_object
from tests.support.project_root import PROJECT_ROOT
from tests.support.terminal import Terminal, terminal

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(400)]

START_SECONDS = 240.0
END_SECONDS = 30.0
"""Generous, because two shared cores also run other tests; a quiet machine takes two seconds."""
MAKE = [
    # The environment is there; only its programs are needed.
    "make", "-C", str(PROJECT_ROOT), "-o", f"{sys.prefix}/.installed", f"VENV={sys.prefix}",
]  # fmt: skip


def assert_interrupted(shown: Terminal, sentence: str) -> None:
    code = shown.wait(seconds=END_SECONDS)
    text = " ".join(shown.text.split())
    # Make passes the signal on to itself, or stops when its signal handler and its main loop wait
    # for the same child, which the main loop has already reaped.
    assert code in (130, -2) or (code == 2 and "wait: No child processes" in text), text
    assert sentence in text
    assert "Traceback" not in text


def assert_folder_is_free(data_dir: Path) -> None:
    lock = data_dir / "kafka" / "lock"
    # A child between fork and exec holds the lock too, and its command line is still its parent's.
    assert not lock.exists() or can_lock_within(lock, END_SECONDS)
    assert no_process_within(data_dir, END_SECONDS)


def can_lock_within(path: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    with path.open() as file:
        while time.monotonic() < end:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.2)
            else:
                return True
    return False


def test_the_demo_can_be_interrupted_at_each_step_and_started_again(tmp_path: Path) -> None:
    settings = environment(tmp_path)
    for step in ("rendering images", "Kafka: starting", "the user likes"):
        with terminal([*MAKE, "demo"], settings) as shown:
            shown.wait_for(step, seconds=START_SECONDS)
            shown.press_ctrl_c()
            assert_interrupted(shown, "the demo was stopped before its end")
        assert_folder_is_free(tmp_path)
    with terminal([*MAKE, "demo", "BROWSER=true"], settings | {"BROWSER": "true"}) as shown:
        assert shown.wait(seconds=START_SECONDS) == 0, shown.text
        assert "of the pairs are in the right order" in shown.text
    assert_folder_is_free(tmp_path)


@pytest.mark.parametrize("step", ["Kafka: starting", "creating missing topics"])
def test_a_second_ctrl_c_ends_the_system_at_once(tmp_path: Path, step: str) -> None:
    command = [sys.executable, "-m", "services.cli", "up"]
    with terminal(command, environment(tmp_path)) as shown:
        shown.wait_for(step, seconds=START_SECONDS)
        shown.press_ctrl_c()
        time.sleep(0.6)
        if shown.process.poll() is None:
            shown.press_ctrl_c()
        assert shown.wait(seconds=END_SECONDS) == 130
        assert "Traceback" not in shown.text
    assert_folder_is_free(tmp_path)


def test_a_closed_terminal_stops_the_system(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.cli", "up"]
    with terminal(command, environment(tmp_path)) as shown:
        shown.wait_for("Kafka: starting", seconds=START_SECONDS)
        shown.close()
        assert shown.wait(seconds=END_SECONDS) == 129
    assert_folder_is_free(tmp_path)


def sent_requests(system: System, user: str) -> list[dict[str, object]]:
    records = whole_topic(settings_of(system.kafka), CANDIDATES)
    values = [json_object(record.value) for record in records]
    return [value for value in values if value.get("user_id") == user]


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "interrupted")


def test_an_interrupted_publish_continues_and_no_request_counts_twice(
    system: System, files: DemoFiles, tmp_path: Path
) -> None:
    user, count = f"many-{uuid4().hex[:8]}", SEND_AT_ONCE + 10
    candidate = {"image_id": files.slate[0].name, "uri": files.slate[0].as_uri()}
    lines = tmp_path / "lines.jsonl"
    line = {"candidates": [candidate], "explain": "none"}
    lines.write_text("".join(json.dumps(line | {"top_k": 1}) + "\n" for _ in range(count)))
    arguments = ["publish", "--user", user, "--json-lines", str(lines), "--json"]
    command = [sys.executable, "-m", "services.cli", *arguments]
    with terminal(command, environment(system.data_dir)) as shown:
        shown.wait_for('"event_id"', seconds=START_SECONDS)
        shown.press_ctrl_c()
        assert_interrupted(shown, f"of {count} events")

    again = preferstream(*arguments, "--wait", "120", data_dir=system.data_dir)
    assert again.returncode == 0, again.stderr
    answered = Counter(json.loads(feed)["request_id"] for feed in again.stdout.splitlines())
    assert (len(answered), set(answered.values())) == (count, {1})
    assert len({value["event_id"] for value in sent_requests(system, user)}) == count
    with Client(system.kafka) as app:
        feeds = app.feeds(wanted=lambda feed: feed.user_id == user)
    assert Counter(feed.request_id for feed in feeds) == answered

    # A finished command is a new one when it is run again.
    third = preferstream(*arguments, "--wait", "120", data_dir=system.data_dir)
    new = {json.loads(feed)["request_id"] for feed in third.stdout.splitlines()}
    assert len(new - answered.keys()) == count


def test_a_finished_publish_with_ids_of_its_own_shows_the_same_feeds_again(
    system: System, files: DemoFiles, tmp_path: Path
) -> None:
    mark = f"own-{uuid4().hex[:8]}"
    candidate = {"image_id": files.slate[0].name, "uri": files.slate[0].as_uri()}
    line = {"user_id": mark, "request_id": mark, "candidates": [candidate], "explain": "none"}
    lines = tmp_path / "lines.jsonl"
    lines.write_text(json.dumps(line))
    arguments = ["publish", "--json-lines", str(lines), "--json", "--wait", "120"]
    first, again = (preferstream(*arguments, data_dir=system.data_dir) for _ in range(2))
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert json.loads(again.stdout) == json.loads(first.stdout)
