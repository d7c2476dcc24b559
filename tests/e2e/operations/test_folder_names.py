"""The whole system works in a data folder and with image folders of any name."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.demo.image_files import DemoFiles
from shared.client import Client
from tests.e2e.pictures import story_files
from tests.e2e.system import System, preferstream, running
from tests.e2e.training.simulated_feedback import send_clicks
from tests.support.folder_names import NAMES

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]
TIMEOUT_SECONDS = 120.0
USER = "ada"
SHORT_NAMES = tuple(name for name in NAMES if len(name) < 100)


def nested(folder: Path, names: tuple[str, ...]) -> Path:
    """A folder below folders with all these names."""
    return folder.joinpath(*names)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """Files of one user's taste; each file of the slate has one of the names."""
    folder = nested(tmp_path_factory.mktemp("images"), SHORT_NAMES)
    files = story_files(folder)
    slate = []
    for number, path in enumerate(files.slate):
        renamed = path.with_name(f"{number}{NAMES[number % len(SHORT_NAMES)]}.png")
        slate.append(path.rename(renamed))
    return DemoFiles(**{**files.__dict__, "slate": tuple(slate)})


@pytest.fixture(scope="module")
def named_system(tmp_path_factory: pytest.TempPathFactory, images: DemoFiles) -> Iterator[System]:
    base = tmp_path_factory.mktemp("names")
    # A colon in a root is written with a backslash before it.
    root = str(images.liked[0].parents[1]).replace("\\", "\\\\").replace(":", "\\:")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(base / "xdg"))
        data_dir = nested(base / "data", SHORT_NAMES)
        with running(data_dir, PREFERSTREAM_ALLOWED_FILE_ROOTS=root) as started:
            yield started


def test_the_commands_work_from_likes_to_erasure(named_system: System, images: DemoFiles) -> None:
    data_dir = named_system.data_dir

    def run(*arguments: str) -> str:
        completed = preferstream(*arguments, data_dir=data_dir)
        assert completed.returncode == 0, (arguments, completed.stderr)
        return completed.stdout

    def like() -> None:
        run("feedback", "reference_like", "--user", USER, *map(str, images.liked))

    with Client(named_system.kafka) as app:
        app.profile_when(
            USER, lambda profile: profile.evidence.liked == len(images.liked),
            after=like, seconds=TIMEOUT_SECONDS,
        )  # fmt: skip
    slate = [str(path) for path in images.slate]
    feed = json.loads(run("publish", "--user", USER, "--json", *slate))
    assert feed["rejected"] == []
    assert len(feed["items"]) == len(slate)
    assert json.loads(run("feed", "--user", USER, "--json")) == feed

    send_clicks(named_system.kafka, users=3)
    job = json.loads(run("night", "--json", "--minutes", "5"))
    assert (job["verdict"], job["code"]) == ("kept", "too_little_data"), job["reason"]
    assert (data_dir / "lake" / "feedback" / "_delta_log").is_dir()
    assert json.loads(run("models", "list", "--json"))["models"]
    exported = json.loads(run("profile", "export", USER))
    assert exported["lake"]["feedback"], exported
    assert json.loads(run("doctor", "--json"))["ok"] is True

    report = json.loads(run("erase", USER, "--json", "--verify"))
    assert report["nothing_found"] is True, report
    assert report["removed"]["retrain"]["lake_feedback"], report


def test_the_demo_runs_in_that_folder(named_system: System) -> None:
    completed = preferstream("demo", "--headless", "--json", data_dir=named_system.data_dir)
    assert completed.returncode == 0, completed.stderr
    assert Path(json.loads(completed.stdout)["page"]).is_file()


def test_no_folder_with_a_changed_name_was_created(named_system: System) -> None:
    folder = named_system.data_dir
    for name in reversed(SHORT_NAMES):
        folder = folder.parent
        assert [entry.name for entry in folder.iterdir()] == [name]
