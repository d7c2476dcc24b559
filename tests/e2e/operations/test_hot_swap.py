"""Promote while requests stream: each is answered once, by one version, on every engine."""

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
from shared.client.records import events_of, reading, send
from shared.events import ProfileUpdated, RankedFeed
from shared.events.topics import FEEDS, PROFILES
from shared.vlm.checkpoint.model_package import release
from tests.adapters import write_adapter
from tests.contract.vlm.engines import AT_A_SERVER, ENGINES
from tests.e2e.pictures import act, request, story_files
from tests.e2e.system import System, preferstream, start
from tests.vllm_fixtures import RunningServer

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(1800)]

RELEASE = release(None)
REQUESTS = 200
USERS = 4
PROMOTED_AFTER = 60
SECONDS = 300.0


@dataclass
class World:
    """A system that runs, with users whose taste is known and two adapters in its registry."""

    system: System
    files: DemoFiles
    settings: dict[str, str]
    sent: int = 0

    def restart(self) -> None:
        assert self.system.stop() == 0
        self.system = start(self.system.data_dir, **self.settings)

    def models(self, *arguments: str) -> dict[str, object]:
        done = preferstream("models", *arguments, "--json", data_dir=self.system.data_dir)
        assert done.returncode == 0, done.stderr
        told: dict[str, object] = json.loads(done.stdout)
        return told

    def ask(self, count: int, *, users: int = USERS) -> list[str]:
        """Send requests; their ids."""
        ids = [f"swap-{self.sent + n}" for n in range(count)]
        self.sent += count
        images = list(self.files.slate[:3])
        send(
            self.system.kafka,
            [
                request(f"user-{n % users}", images, request_id=one, explain="none")
                for n, one in enumerate(ids)
            ],
        )
        return ids

    def feeds(self, ids: list[str]) -> list[RankedFeed]:
        """Every feed that answers them, and what still comes after the last."""
        missing, found = set(ids), []
        with reading(self.system.kafka, FEEDS, from_beginning=True) as topic:
            for feed in events_of(topic.records_for(seconds=SECONDS), RankedFeed):
                missing.discard(feed.request_id)
                found.append(feed)
                if not missing:
                    break
            time.sleep(1)
            found += events_of(topic.records_so_far(), RankedFeed)
        assert not missing, f"{len(missing)} requests have no feed"
        return [feed for feed in found if feed.request_id in set(ids)]

    def wait_for(self, version: str) -> None:
        """Until a new request is answered by this version."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            (feed,) = self.feeds(self.ask(1))
            if feed.model_version == version:
                return
        raise AssertionError(f"{version} does not answer after 60 s")


@pytest.fixture(scope="module", params=ENGINES)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
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
    made = World(start(folder / "system", **settings), files, settings)
    try:
        _give_tastes(made)
        yield made
    finally:
        if made.system.process.poll() is None:
            made.system.stop()


def test_a_promotion_under_load_loses_no_request_and_mixes_no_versions(world: World) -> None:
    ids, promoted = world.ask(PROMOTED_AFTER), threading.Event()
    streaming = threading.Thread(target=lambda: _stream(world, ids, until=promoted))
    streaming.start()
    try:
        world.models("promote", "swap-2", "--reason", "better")
    finally:
        promoted.set()
        streaming.join()
    world.wait_for("swap-2")
    ids += world.ask(10)
    feeds = world.feeds(ids)

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


def test_a_restarted_system_serves_what_was_promoted_last(world: World) -> None:
    world.restart()
    (feed,) = world.feeds(world.ask(1))
    assert feed.model_version == "swap-2"


def test_one_command_goes_back_within_seconds(world: World) -> None:
    done = world.models("rollback", "--reason", "scores look wrong")
    assert done["model_version"] == RELEASE.version
    began = time.monotonic()
    world.wait_for(RELEASE.version)
    assert time.monotonic() - began < 30  # a second or two on a machine with nothing else to do


def test_a_broken_artefact_is_not_announced_and_the_champion_goes_on(world: World) -> None:
    weights = world.system.data_dir / "models" / "swap-3" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    refused = preferstream("models", "promote", "swap-3", data_dir=world.system.data_dir)
    assert refused.returncode == 1
    assert "The champion goes on serving" in " ".join(refused.stderr.split())
    (feed,) = world.feeds(world.ask(1))
    assert feed.model_version == RELEASE.version


def test_the_list_marks_what_serves(world: World) -> None:
    listed = world.models("list")["models"]
    assert isinstance(listed, list)
    serving = {one["version"]: one["serves_as"] for one in listed}
    assert serving == {RELEASE.version: "champion", "swap-2": None, "swap-3": None}


def _stream(world: World, ids: list[str], *, until: threading.Event) -> None:
    """Ten requests four times a second up to REQUESTS, then one, as long as the command runs."""
    while len(ids) < REQUESTS or not until.is_set():
        ids += world.ask(10 if len(ids) < REQUESTS else 1)
        time.sleep(0.25)


def _give_tastes(world: World) -> None:
    users = {f"user-{n}" for n in range(USERS)}
    liked, disliked = world.files.liked[:3], world.files.disliked[:3]
    with reading(world.system.kafka, PROFILES) as profiles:
        for user in sorted(users):
            send(
                world.system.kafka,
                [act(user, "reference_like", path) for path in liked]
                + [act(user, "reference_dislike", path) for path in disliked],
            )
        for profile in events_of(profiles.records_for(seconds=120), ProfileUpdated):
            if (profile.evidence.liked, profile.evidence.disliked) == (3, 3):
                users.discard(profile.user_id)
            if not users:
                return
    raise AssertionError(f"no profile for {users}")
