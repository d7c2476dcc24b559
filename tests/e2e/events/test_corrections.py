"""A user corrects their taste from the command line, and the next feed changes."""

import json
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from PIL import Image
from skimage import data as photographs

from services.cli.demo.image_files import DemoFiles
from shared.client import Client
from shared.events import ProfileUpdated, RankedFeed
from tests.e2e.pictures import act, story_files
from tests.e2e.system import System, preferstream

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]
TIMEOUT_SECONDS = 120.0
USER = "corrector"


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "corrections")


@pytest.fixture(scope="module")
def predicted(system: System, files: DemoFiles) -> ProfileUpdated:
    """The taste as predicted from five liked and five disliked images."""
    actions = [act(USER, "reference_like", path) for path in files.liked]
    actions += [act(USER, "reference_dislike", path) for path in files.disliked]
    with Client(system.kafka) as app:
        profile = app.profile_when(
            USER,
            lambda p: p.evidence.liked + p.evidence.disliked == len(actions),
            after=lambda: app.send(*actions),
            seconds=TIMEOUT_SECONDS,
        )
    assert profile is not None
    return profile


def ranked(system: System, files: DemoFiles) -> RankedFeed:
    with Client(system.kafka) as app:
        slate = {path.name: path.as_uri() for path in files.slate}
        return app.rank(USER, slate, explain="none", seconds=TIMEOUT_SECONDS)


def corrected(system: System, *arguments: str) -> dict[str, Any]:
    verb, *rest = arguments
    completed = preferstream("profile", verb, USER, *rest, "--json", data_dir=system.data_dir)
    assert completed.returncode == 0, completed.stderr
    profile: dict[str, Any] = json.loads(completed.stdout)
    return profile


def scores(feed: RankedFeed) -> dict[str, float]:
    return {item.image_id: item.score or 0 for item in feed.items}


def score_of_disliked(feed: RankedFeed, files: DemoFiles) -> float:
    names = files.names("disliked")
    return mean(item.score or 0 for item in feed.items if item.image_id in names)


def test_pins_raise_the_scores_of_images_that_show_them_and_a_reset_undoes_this(
    system: System, files: DemoFiles, predicted: ProfileUpdated
) -> None:
    before = ranked(system, files)
    pinned = {e.value: words[0].word for e, words in predicted.non_preference.items() if words}
    assert len(pinned) >= 3
    for element, word in pinned.items():
        profile = corrected(system, "pin", element, word)
        assert profile["preference"][element][0] == {"word": word, "weight": 1.0, "count": 0}
        assert word not in [entry["word"] for entry in profile["non_preference"][element]]
    after = ranked(system, files)
    assert after.profile_version == (before.profile_version or 0) + len(pinned)
    assert score_of_disliked(after, files) > score_of_disliked(before, files) + 2

    assert corrected(system, "reset")["preference"] == predicted.preference.model_dump(mode="json")
    again = ranked(system, files)
    # Compared by score: exploration may swap two neighbors of a feed.
    assert scores(again) == pytest.approx(scores(before), abs=1e-3)


def test_a_veto_survives_later_likes(
    system: System, files: DemoFiles, predicted: ProfileUpdated
) -> None:
    word = predicted.preference.color[0].word
    corrected(system, "veto", "color", word)
    more = act(USER, "like", files.slate[0])
    with Client(system.kafka) as app:
        later = app.profile_when(
            USER,
            lambda p: more.image_id in p.reference_ids,
            after=lambda: app.send(more),
            seconds=TIMEOUT_SECONDS,
        )
    assert later is not None
    assert word not in [
        entry.word for entry in (*later.preference.color, *later.non_preference.color)
    ]
    assert "vetoed" in preferstream("profile", "show", USER, data_dir=system.data_dir).stdout
    corrected(system, "reset", "color")


def test_a_pinned_subject_raises_the_photograph_that_shows_it(
    system: System, pictures: Path
) -> None:
    folder = pictures / "subjects"
    folder.mkdir(exist_ok=True)
    names = ("rocket", "coffee", "chelsea")  # chelsea is a cat
    for name in names:
        Image.fromarray(getattr(photographs, name)()).save(folder / f"{name}.png")
    pinned = preferstream("profile", "pin", "pinner", "subject", "kitten", data_dir=system.data_dir)
    assert pinned.returncode == 0, pinned.stderr
    assert "none of this user's references is named kitten" in " ".join(pinned.stdout.split())
    with Client(system.kafka) as app:
        slate = {name: (folder / f"{name}.png").as_uri() for name in names}
        feed = app.rank("pinner", slate, explain="none", seconds=TIMEOUT_SECONDS)
    shown = {item.image_id: [word.word for word in item.subject_words] for item in feed.items}
    assert shown == {"rocket": [], "coffee": [], "chelsea": ["cat", "mammal", "animal"]}
    # Compared by score: exploration may swap two neighbors of a feed.
    assert {item.image_id: item.subject for item in feed.items} == {
        "rocket": 2.5, "coffee": 2.5, "chelsea": 5.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pin", USER, "mood", "happy"], "element"),
        (["pin", USER, "color", "blue; detail: plain"], "word"),
        (["edit", USER, "color", "blue=much"], "a weight 0-1"),
        (["edit", USER, "color", "blue=2"], "less than or equal to 1"),
        (["veto", USER, "color", "blue", "--side", "liked"], "side"),
    ],
)
def test_an_invalid_correction_ends_with_exit_code_2(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    completed = preferstream("profile", *arguments, data_dir=tmp_path)
    assert completed.returncode == 2
    assert message in " ".join(completed.stderr.split())


def test_an_export_contains_the_profile_and_every_retained_event(
    system: System, predicted: ProfileUpdated
) -> None:
    completed = preferstream("profile", "export", USER, data_dir=system.data_dir)
    assert completed.returncode == 0, completed.stderr
    exported = json.loads(completed.stdout)
    assert exported["profile"]["user_id"] == USER
    assert len(exported["events"]["feedback.v1"]) >= predicted.evidence.liked
    assert all(USER in value for values in exported["events"].values() for value in values)
    # The export of an embedded store goes through the dashboard.
    assert exported["not_searched"] == {}
    assert len(exported["stored"]["references"]) >= predicted.evidence.liked
    assert all(USER in event for events in exported["lake"].values() for event in events)
