"""The dashboard in its own process, as in a container: start, pages, streams, stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from shared.client.send_events import send_events
from shared.domain.clock import system_clock
from shared.events import RankedFeed
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from shared.vlm.checkpoint.model_package import release
from tests.browser.pages import chromium, tab

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
TIMEOUT_SECONDS = 120.0


@contextmanager
def _running(module: str, kafka: str, folder: Path) -> Iterator[httpx.Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PREFERSTREAM_")}
    settings = {
        "PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka,
        "PREFERSTREAM_DATA_DIR": str(folder),
        "PREFERSTREAM_QDRANT_PATH": str(folder / "qdrant"),
        "PREFERSTREAM_OPS_PORT": str(port),
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**inherited, **settings}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            end = time.monotonic() + TIMEOUT_SECONDS
            while not _is_ready(client):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.2)
            yield client
            # Streams may still be open.
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_standalone_service_has_no_pages_for_models_and_training_jobs(
    kafka: str, tmp_path: Path
) -> None:
    with _running("services.ops", kafka, tmp_path) as client:
        for page in ("/", "/playground", "/users", "/dead-letters", "/docs"):
            assert client.get(page).status_code == 200, page
        assert client.get("/models").status_code == 404
        assert client.get("/training-jobs").status_code == 404
        assert "/models" not in client.get("/").text
        client.cookies.clear()  # a program, not a browser
        sent = client.post(
            "/v1/feedback",
            json={"user_id": "alone", "actions": [{"type": "view", "image_id": "i"}]},
        )
        assert sent.status_code == 202


def test_the_dashboard_with_mounted_folders_has_these_pages(kafka: str, tmp_path: Path) -> None:
    (tmp_path / "training-jobs").mkdir()
    with _running("services.local.dashboard", kafka, tmp_path) as client:
        assert release(None).version in client.get("/models").text
        assert "There are no training jobs yet." in client.get("/training-jobs").text


def _feed(request_id: str) -> RankedFeed:
    return RankedFeed(
        event_id=uuid4(), occurred_at=system_clock(), user_id="alone-ada", request_id=request_id,
        status="ok", profile_version=1, model_version="m", items=(),
    )  # fmt: skip


def test_an_open_stream_does_not_delay_a_stop_and_resumes_after_a_restart(
    kafka: str, tmp_path: Path
) -> None:
    first, second = _feed(f"alone-{uuid4()}"), _feed(f"alone-{uuid4()}")
    parameters = {"user_id": "alone-ada"}
    with ExitStack() as left_open, _running("services.ops", kafka, tmp_path) as client:
        stream = left_open.enter_context(client.stream("GET", "/v1/events", params=parameters))
        lines = stream.iter_lines()
        first_id = next(line for line in lines if line.startswith("id: "))
        send_events(kafka, [first])
        received = [next(lines) for _ in range(4)]
        assert received[2] == "event: feed.ranked.v1"
        assert first.request_id in received[3]
        last_id = received[1].removeprefix("id: ")
        assert last_id != first_id
    send_events(kafka, [second])
    with _running("services.ops", kafka, tmp_path) as client:
        for feed in (first, second):
            feed_response = _until_200(
                client, f"/v1/feeds/{feed.request_id}?user_id={feed.user_id}"
            )
            assert RankedFeed.model_validate_json(feed_response.content) == feed
        resumed = {"Last-Event-ID": last_id}
        with client.stream("GET", "/v1/events", params=parameters, headers=resumed) as stream:
            data = next(line for line in stream.iter_lines() if line.startswith("data: "))
        assert second.request_id in data


def _until_200(client: httpx.Client, address: str) -> httpx.Response:
    end = time.monotonic() + TIMEOUT_SECONDS
    while (response := client.get(address)).status_code != 200:
        assert time.monotonic() < end, response.text
        time.sleep(0.2)
    return response


async def test_the_page_of_a_running_training_job_is_updated(kafka: str, tmp_path: Path) -> None:
    job = tmp_path / "training-jobs" / "manual-1"
    (job / "sft").mkdir(parents=True)
    model = ModelFolder(folder=tmp_path, version="nano-1", kind="checkpoint")
    request = TrainingJobRequest(
        job="manual-1", requested_at=system_clock(), lake="lake", release=model, champion=model,
        minutes=60,
    )  # fmt: skip
    (job / "request.json").write_text(request.model_dump_json())
    curves = job / "sft" / "curves.jsonl"
    curves.write_text(_line(1) + _line(2))
    with _running("services.local.dashboard", kafka, tmp_path) as client:
        async with chromium() as browser, tab(browser, str(client.base_url)) as here:
            await here.open("/training-job?name=manual-1")
            assert "at step 2" in await here.text("#curves ~ .stack")
            curves.write_text(_line(1) + _line(2) + _line(3))
            await here.sees("#curves ~ .stack :text('at step 3')")
            assert "running" in await here.text("main")
            (job / "end.json").write_text(json.dumps({"verdict": "kept", "reason": "No better."}))
            await here.sees("main :text('No better.')")
            await here.sees("#live[data-running=false]")
            assert not here.errors


def _line(step: int) -> str:
    return json.dumps({"step": step, "loss": 1 / step}) + "\n"
