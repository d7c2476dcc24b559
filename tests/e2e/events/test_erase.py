"""An erased user is in no store, and can start again as a new user."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cli.demo.image_files import DemoFiles
from shared.client import Client
from shared.client.send_events import send_events
from shared.events import ProfileUpdated
from tests.e2e.pictures import act, story_files
from tests.e2e.system import System, environment, preferstream

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(500)]
TIMEOUT_SECONDS = 120.0
USER = "erased-1815"


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "erase")


def create_data(system: System, files: DemoFiles, user: str) -> ProfileUpdated:
    """Create data in every store: likes, dislikes, a feed and a click."""
    likes = [act(user, "reference_like", path) for path in files.liked]
    likes += [act(user, "reference_dislike", path) for path in files.disliked]
    slate = {path.name: path.as_uri() for path in files.slate[:4]}
    with Client(system.kafka) as app:
        profile_with(app, user, len(likes), after=lambda: app.send(*likes))
        feed = app.rank(user, slate, explain="none", seconds=TIMEOUT_SECONDS)
        assert feed.status == "ok"
        clicked = feed.items[0].image_id
        return profile_with(
            app,
            user,
            len(likes) + 1,
            after=lambda: app.act(user, "click", clicked, request_id=feed.request_id),
        )


def profile_with(
    app: Client, user: str, count: int, *, after: Callable[[], object]
) -> ProfileUpdated:
    """The first profile with that number of references."""
    profile = app.profile_when(
        user,
        lambda p: p.evidence.liked + p.evidence.disliked == count,
        after=after,
        seconds=TIMEOUT_SECONDS,
    )
    assert profile is not None
    return profile


def collect(system: System) -> None:
    """Collect once into the lake, in a process next to the running service."""
    completed = subprocess.run(
        [sys.executable, "-m", "services.retrain", "--collect"],
        env=environment(
            system.data_dir,
            PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS=system.kafka,
            PREFERSTREAM_LAKE_URI=str(system.data_dir / "lake"),
        ),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr


def erase(system: System, user: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    completed = preferstream("erase", user, "--json", *arguments, data_dir=system.data_dir)
    assert completed.returncode == code, completed.stderr
    payload: dict[str, Any] = json.loads(completed.stdout)
    return payload


def files_with(folder: Path, user: str) -> list[str]:
    """Files below a folder that contain the user id as plain bytes."""
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and f'"{user}"'.encode() in file.read_bytes()
    ]


def test_an_erased_user_is_in_no_store_and_can_start_again(
    system: System, files: DemoFiles
) -> None:
    create_data(system, files, USER)
    create_data(system, files, "remaining-user")
    pinned = preferstream("profile", "pin", USER, "color", "gold", data_dir=system.data_dir)
    assert pinned.returncode == 0, pinned.stderr
    collect(system)

    report = erase(system, USER, "--verify")

    assert report["nothing_found"] is True
    assert report["removed"]["profile"]["profiles"] == 1
    assert report["removed"]["profile"]["corrections"] == 1
    assert report["removed"]["profile"]["references"] == len(files.liked) + len(files.disliked) + 1
    assert report["removed"]["assessor"]["remembered_requests"] == 1
    assert report["removed"]["retrain"]["lake_feedback"] == len(files.liked + files.disliked) + 1
    assert report["removed"]["retrain"]["lake_feeds"] == 1
    assert {"profile: profiles.minilm-l6-v2", "retrain: lake_feedback"} & report["found"].keys()
    assert any("latest values of profile.updated.v1" in store for store in report["found"])
    assert {kept["topic"] for kept in report["retained"]} >= {"feedback.v1", "feed.ranked.v1"}
    assert files_with(system.data_dir / "lake", USER) == []
    # The events are still in Kafka, and are not collected again.
    collect(system)
    assert files_with(system.data_dir / "lake", USER) == []
    assert erase(system, USER, "--verify")["removed"]["retrain"]["lake_feedback"] == 0

    shown = preferstream("profile", "show", USER, data_dir=system.data_dir)
    assert (shown.returncode, "has no profile" in shown.stderr) == (1, True)
    other = preferstream("profile", "show", "remaining-user", "--json", data_dir=system.data_dir)
    assert json.loads(other.stdout)["evidence"]["liked"] >= len(files.liked)
    # The new profile has only the new references, and not the earlier pin.
    assert create_data(system, files, USER).corrections == ()


def test_a_late_event_from_before_the_erasure_is_ignored(system: System, files: DemoFiles) -> None:
    late = act("late-1815", "reference_like", files.liked[0])
    erase(system, "late-1815")
    send_events(system.kafka, [late])
    with Client(system.kafka) as app:
        marker = app.profile_when(
            "late-marker",
            lambda p: True,
            after=lambda: app.send(act("late-marker", "like", files.liked[0])),
            seconds=TIMEOUT_SECONDS,
        )
        assert marker is not None
        assert app.profile("late-1815") is None


def test_without_receipts_the_command_fails_and_names_the_services(
    kafka: str, tmp_path: Path
) -> None:
    from shared.events.topics import ALL_TOPICS
    from shared.messaging.admin.provision import provision
    from shared.messaging.client.settings import MessagingSettings

    provision(MessagingSettings(kafka_bootstrap_servers=kafka), ALL_TOPICS)
    completed = preferstream(
        "erase",
        "unknown",
        "--seconds",
        "1",
        data_dir=tmp_path,
        PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS=kafka,
    )
    assert completed.returncode == 1
    assert "no receipt came from assessor, profile, retrain" in " ".join(completed.stderr.split())
