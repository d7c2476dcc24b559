"""A case has its references, its profile, its user and its split."""

from datetime import timedelta
from pathlib import Path

from tests.training.dataset.cases import lines
from tests.training.dataset.world import NOW, SHOWN, World
from training.dataset.settings import DatasetSettings


def test_a_case_has_the_profile_it_was_scored_by_and_earlier_references(
    world: World, tmp_path: Path
) -> None:
    world.profile(3, likes={"color": "teal"})
    world.profile(4, likes={"color": "red"})
    world.act("reference_like", "l", "a", request=None, at=SHOWN - timedelta(days=2), uri="mem:l")
    world.act("reference_dislike", "d", request=None, at=SHOWN - timedelta(days=2), uri="mem:d")
    world.act("reference_like", "later", request=None, at=SHOWN + timedelta(days=1), uri="mem:x")
    world.slate("ab", profile_version=3)
    world.act("view", "a", "b")
    world.act("click", "b")
    world.build(tmp_path)
    (line,) = lines(tmp_path)
    assert line["profile"] == {"likes": {"color": ["teal"]}, "dislikes": {}}
    assert line["truth"] is None
    assert len(line["liked"]) == 1
    assert len(line["disliked"]) == 1
    assert not {*line["liked"], *line["disliked"]} & {line["better"], line["worse"]}


def test_users_and_days_are_split(world: World, tmp_path: Path) -> None:
    for user in range(60):
        for day in range(10):
            name, request = f"u{user}", f"{user}-{day}"
            at = NOW - timedelta(days=12 - day)
            images = [f"{request}-{k}" for k in range(2)]
            world.slate(images, user=name, request=request, at=at)
            world.act("view", *images, user=name, request=request, at=at)
            world.act("click", images[1], user=name, request=request, at=at)
    dataset = world.build(tmp_path, DatasetSettings(replay_share=0.0))
    users = {s: {line["user"] for line in lines(tmp_path, s)} for s in dataset.counts}
    assert not users["held_out"] & (users["train"] | users["later"])
    assert 5 <= len(users["held_out"]) <= 20
    assert users["later"] == users["train"]
    days = {s: {line["slate"].split("-")[1] for line in lines(tmp_path, s)} for s in users}
    assert max(days["train"]) < min(days["later"])
    assert len(days["held_out"]) == 10


def test_simulated_users_are_added_with_their_true_profiles(world: World, tmp_path: Path) -> None:
    for number in range(14):
        world.slate([f"{number}a", f"{number}b"], request=f"r{number}")
        world.act("view", f"{number}a", f"{number}b", request=f"r{number}")
        world.act("click", f"{number}b", request=f"r{number}")
    settings = DatasetSettings(replay_share=0.3, held_out_users=0.0, later_share=0.0)
    report = world.build(tmp_path, settings).report
    simulated = [line for line in lines(tmp_path) if line["source"] == "prefersim"]
    assert len(simulated) == report.pairs["simulated"] == 6
    assert all(line["truth"] and line["truth"] == line["profile"] for line in simulated)
    assert all(len(line["liked"]) == len(line["disliked"]) == 5 for line in simulated)
    assert all((tmp_path / line["worse"]).exists() for line in simulated)


def test_the_same_lake_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    for number in range(12):
        world.slate([f"{number}a", f"{number}b", "c"], user=f"u{number % 5}", request=f"r{number}")
        world.act(
            "view", f"{number}a", f"{number}b", "c", user=f"u{number % 5}", request=f"r{number}"
        )
        world.act("click", f"{number}b", user=f"u{number % 5}", request=f"r{number}")
    world.build(tmp_path / "one", DatasetSettings())
    world.build(tmp_path / "two", DatasetSettings())
    for file in sorted((tmp_path / "one").glob("*.*")):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
