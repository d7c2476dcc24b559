"""The command line sends feedback and candidates; `assess` ranks images without Kafka."""

import json
import shutil
from pathlib import Path

import pytest

from services.cli.demo.image_files import DemoFiles
from tests.e2e.pictures import story_files
from tests.e2e.system import System, preferstream

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "commands")


def test_feedback_becomes_a_profile_and_candidates_become_a_feed(
    system: System, files: DemoFiles
) -> None:
    def run(*arguments: str) -> str:
        completed = preferstream(*arguments, data_dir=system.data_dir)
        assert completed.returncode == 0, (arguments, completed.stderr)
        return completed.stdout

    run("feedback", "reference_dislike", "--user", "cli", *map(str, files.disliked))
    run("feedback", "reference_like", "--user", "cli", *map(str, files.liked))
    for _ in range(60):
        shown = preferstream("profile", "show", "cli", "--json", data_dir=system.data_dir)
        if shown.returncode == 0 and json.loads(shown.stdout)["evidence"]["liked"] == len(
            files.liked
        ):
            break
    profile = json.loads(shown.stdout)
    assert profile["evidence"] == {"liked": len(files.liked), "disliked": len(files.disliked)}

    slate = [str(path) for path in files.slate]
    feed = json.loads(run("publish", "--user", "cli", "--json", "--explain", "all", *slate))
    assert feed["status"] == "ok"
    assert [item["rank"] for item in feed["items"]] == list(range(1, len(slate) + 1))
    again = json.loads(run("feed", "--user", "cli", "--json"))
    assert again == feed
    assert "liked" in run("publish", "--user", "cli", *slate)


def test_an_id_that_a_feed_has_shown_is_enough_for_feedback(
    system: System, files: DemoFiles
) -> None:
    image = files.slate[0]
    preferstream("publish", "--user", "by-id", str(image), data_dir=system.data_dir)
    completed = preferstream(
        "feedback", "like", "--user", "by-id", image.name, data_dir=system.data_dir
    )
    assert completed.returncode == 0, completed.stderr
    for _ in range(60):
        shown = preferstream("profile", "show", "by-id", "--json", data_dir=system.data_dir)
        if shown.returncode == 0:
            break
    assert json.loads(shown.stdout)["reference_ids"] == [image.name]


def test_assess_needs_no_kafka(files: DemoFiles, tmp_path: Path) -> None:
    arguments = [f"--liked={path}" for path in files.liked]
    arguments += [f"--disliked={path}" for path in files.disliked]
    completed = preferstream(
        "assess", "--json", *arguments, *map(str, files.slate), data_dir=tmp_path
    )
    assert completed.returncode == 0, completed.stderr
    outcome = json.loads(completed.stdout)
    ranks = {c["image"]: c["rank"] for c in outcome["candidates"]}
    liked = [ranks[str(p)] for p in files.slate if p.name in files.names("liked")]
    disliked = [ranks[str(p)] for p in files.slate if p.name in files.names("disliked")]
    assert max(liked) < min(disliked)
    assert set(outcome["candidates"][0]["elements"]) == {
        "art_style", "color", "medium", "saturation", "detail",
    }  # fmt: skip
    assert outcome["profile"]["preference"]["color"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["publish"], "name image files"),
        (["publish", "--user", "x", "nowhere.png"], "neither a file nor a folder"),
        (["feedback", "adore", "--user", "x", "a.png"], "is not an action"),
        (["assess", "a.png"], "--liked"),
    ],
)
def test_wrong_use_ends_with_exit_code_2_and_a_message(
    system: System, arguments: list[str], message: str
) -> None:
    completed = preferstream(*arguments, data_dir=system.data_dir)
    assert completed.returncode == 2
    assert message in " ".join(completed.stderr.split())


def test_without_a_system_the_error_names_the_command_that_starts_one(tmp_path: Path) -> None:
    completed = preferstream("profile", "show", "x", data_dir=tmp_path)
    assert completed.returncode == 1
    assert "preferstream up" in " ".join(completed.stderr.split())


def test_the_demo_ranks_the_pictures_of_a_folder(
    system: System, files: DemoFiles, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    for side, paths in (("Liked", files.liked), ("disliked", files.disliked), ("", files.slate)):
        (mine / side).mkdir(parents=True, exist_ok=True)
        for path in paths:
            shutil.copy(path, mine / side / path.name)
    (mine / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (mine / "cut.png").write_bytes(files.slate[0].read_bytes()[:300])
    completed = preferstream("demo", "--json", "--mine", str(mine), data_dir=system.data_dir)
    assert completed.returncode == 0, completed.stderr
    outcome = json.loads(completed.stdout)
    (user,) = outcome["users"]
    assert (user["status"], user["pictures"], user["rejected"]) == ("ok", 10 + len(files.slate), [])
    ranks = {name: rank for rank, name in enumerate(user["ranked"])}
    liked, disliked = (
        [ranks[Path(name).stem] for name in files.names(kind)] for kind in ("liked", "disliked")
    )
    assert max(liked) < min(disliked)
    assert any("HEIC" in note for note in outcome["left_out"])
    assert any("cut.png" in note for note in outcome["left_out"])
    assert "There is no check" in outcome["rule"]


def test_the_demo_says_what_a_folder_needs(system: System, tmp_path: Path) -> None:
    completed = preferstream("demo", "--mine", str(tmp_path), data_dir=system.data_dir)
    assert completed.returncode == 1
    assert "needs pictures in subfolders liked and disliked" in completed.stderr
