"""A promotion under load: one version answers each request, once, with every engine."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from services.cli.demo.image_files import DemoFiles
from services.retrain.registry.folders import ModelFolders, NewVersion
from shared.client.send_events import send_events
from shared.client.topic_reader import events_of, topic_reader
from shared.events import ProfileUpdated, RankedFeed
from shared.events.topics import FEEDS, PROFILES
from shared.messaging.client.connection import settings_of
from shared.messaging.read.tail import whole_topic
from shared.vlm.checkpoint.model_package import release
from tests.contract.vlm.engines import AT_A_SERVER, ENGINES
from tests.e2e.pictures import act, request, story_files
from tests.e2e.system import System, preferstream, start
from tests.support.adapters import write_adapter
from tests.support.vllm_fixtures import RunningServer

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(1800)]

RELEASE = release(None)
REQUESTS = 200
USERS = 4
REQUESTS_BEFORE_PROMOTION = 60
SECONDS = 300.0


@dataclass
class SwapSystem:
    """A running system with profiles of some users and two adapters in its registry."""

    system: System
    files: DemoFiles
    settings: dict[str, str]
    sent: int = 0

    def restart(self) -> None:
        assert self.system.stop() == 0
        self.system = start(self.system.data_dir, **self.settings)

    def models(self, *arguments: str) -> dict[str, object]:
        completed = preferstream("models", *arguments, "--json", data_dir=self.system.data_dir)
        assert completed.returncode == 0, completed.stderr
        payload: dict[str, object] = json.loads(completed.stdout)
        return payload

    def send_requests(self, count: int, *, users: int = USERS) -> list[str]:
        """Send requests; returns their ids."""
        ids = [f"swap-{self.sent + n}" for n in range(count)]
        self.sent += count
        images = list(self.files.slate[:3])
        send_events(
            self.system.kafka,
            [
                request(f"user-{n % users}", images, request_id=request_id, explain="none")
                for n, request_id in enumerate(ids)
            ],
        )
        return ids

    def feeds(self, ids: list[str]) -> list[RankedFeed]:
        """Every feed of these requests, duplicates after the last one included."""
        missing = set(ids)
        with topic_reader(self.system.kafka, FEEDS, from_beginning=True) as topic:
            for feed in events_of(topic.records_for(seconds=SECONDS), RankedFeed):
                missing.discard(feed.request_id)
                if not missing:
                    break
        time.sleep(1)
        feeds = list(events_of(whole_topic(settings_of(self.system.kafka), FEEDS), RankedFeed))
        assert not missing, f"{len(missing)} requests have no feed"
        return [feed for feed in feeds if feed.request_id in set(ids)]

    def wait_for(self, version: str) -> None:
        """Wait until this version answers a new request."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            (feed,) = self.feeds(self.send_requests(1))
            if feed.model_version == version:
                return
        raise AssertionError(f"{version} does not answer after 60 s")


@pytest.fixture(scope="module", params=ENGINES)
def swap(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SwapSystem]:
    folder = tmp_path_factory.mktemp("swap")
    files = story_files(folder / "pictures")
    folders = ModelFolders(folder / "system" / "models", RELEASE)
    for seed, version, previous in ((1, "swap-2", RELEASE.version), (2, "swap-3", "swap-2")):
        folders.add(
            write_adapter(folder / version, seed=seed),
            NewVersion(
                version, "adapter", RELEASE.name, datetime.now(UTC),
                base_version=RELEASE.version, previous_version=previous,
            ),
        )  # fmt: skip
    settings = {"PREFERSTREAM_ALLOWED_FILE_ROOTS": str(folder / "pictures")}
    if request.param == AT_A_SERVER:
        server: RunningServer = request.getfixturevalue("vllm_server")
        settings |= {
            "PREFERSTREAM_MODEL_SERVER": server.address,
            "PREFERSTREAM_MODEL_SERVER_KEY": server.key,
        }
    created = SwapSystem(start(folder / "system", **settings), files, settings)
    try:
        _create_profiles(created)
        yield created
    finally:
        if created.system.process.poll() is None:
            created.system.stop()


def test_a_promotion_under_load_loses_no_request_and_mixes_no_versions(swap: SwapSystem) -> None:
    ids, promoted = swap.send_requests(REQUESTS_BEFORE_PROMOTION), threading.Event()
    streaming = threading.Thread(target=lambda: _stream(swap, ids, until=promoted))
    streaming.start()
    try:
        swap.models("promote", "swap-2", "--reason", "better")
    finally:
        promoted.set()
        streaming.join()
    swap.wait_for("swap-2")
    ids += swap.send_requests(10)
    feeds = swap.feeds(ids)

    assert Counter(feed.request_id for feed in feeds) == dict.fromkeys(ids, 1)
    assert {feed.status for feed in feeds} == {"ok"}
    assert {feed.model_version for feed in feeds} == {RELEASE.version, "swap-2"}
    # The same images for the same profile: within a version every feed has the same scores.
    for user in {feed.user_id for feed in feeds}:
        by_version: dict[str, set[tuple[tuple[str, float], ...]]] = {}
        for feed in feeds:
            if feed.user_id == user:
                scores = sorted((item.image_id, round(item.score or 0, 2)) for item in feed.items)
                by_version.setdefault(feed.model_version, set()).add(tuple(scores))
        assert all(len(scores) == 1 for scores in by_version.values()), by_version


def test_a_restarted_system_serves_the_latest_promotion(swap: SwapSystem) -> None:
    swap.restart()
    (feed,) = swap.feeds(swap.send_requests(1))
    assert feed.model_version == "swap-2"


def test_after_a_rollback_the_previous_version_answers(swap: SwapSystem) -> None:
    report = swap.models("rollback", "--reason", "scores look wrong")
    assert report["model_version"] == RELEASE.version
    swap.wait_for(RELEASE.version)


def test_a_broken_version_is_not_promoted_and_the_champion_keeps_serving(swap: SwapSystem) -> None:
    weights = swap.system.data_dir / "models" / "swap-3" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    refused = preferstream("models", "promote", "swap-3", data_dir=swap.system.data_dir)
    assert refused.returncode == 1
    assert "The champion keeps serving" in " ".join(refused.stderr.split())
    (feed,) = swap.feeds(swap.send_requests(1))
    assert feed.model_version == RELEASE.version


def test_the_list_marks_the_serving_version(swap: SwapSystem) -> None:
    listed = swap.models("list")["models"]
    assert isinstance(listed, list)
    serving = {model["version"]: model["serves_as"] for model in listed}
    assert serving == {RELEASE.version: "champion", "swap-2": None, "swap-3": None}


def _stream(swap: SwapSystem, ids: list[str], *, until: threading.Event) -> None:
    """Send ten requests four times a second up to REQUESTS, then one, while the command runs."""
    while len(ids) < REQUESTS or not until.is_set():
        ids += swap.send_requests(10 if len(ids) < REQUESTS else 1)
        time.sleep(0.25)


def _create_profiles(swap: SwapSystem) -> None:
    users = {f"user-{n}" for n in range(USERS)}
    liked, disliked = swap.files.liked[:3], swap.files.disliked[:3]
    with topic_reader(swap.system.kafka, PROFILES) as profiles:
        for user in sorted(users):
            send_events(
                swap.system.kafka,
                [act(user, "reference_like", path) for path in liked]
                + [act(user, "reference_dislike", path) for path in disliked],
            )
        for profile in events_of(profiles.records_for(seconds=120), ProfileUpdated):
            if (profile.evidence.liked, profile.evidence.disliked) == (3, 3):
                users.discard(profile.user_id)
            if not users:
                return
    raise AssertionError(f"no profile for {users}")
