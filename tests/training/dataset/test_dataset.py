"""From slates and feedback to cases: what counts, what is left out, and that it is told."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.assessor.exploration import Place, fair_pairs
from shared.events import Feedback, RankedFeed
from shared.ids import exploration_seed
from tests.training.dataset.world import NOW, SHOWN, SMALL, Pictures, World
from training.dataset.build import build
from training.dataset.lake import LakeUnreadable
from training.dataset.settings import DatasetSettings


def lines(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    text = (folder / f"{split}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def ranks(folder: Path) -> set[tuple[int, int]]:
    """The places of the better and the worse image of each pair."""
    return {(line["better_rank"], line["worse_rank"]) for line in lines(folder)}


def test_an_empty_lake_gives_an_empty_dataset_that_says_why(world: World, tmp_path: Path) -> None:
    dataset = world.build(tmp_path / "d", DatasetSettings())
    assert dataset.counts == {"train": 0, "later": 0, "held_out": 0}
    assert dataset.report.verdict.startswith("No pair can be learned from")
    assert lines(tmp_path / "d") == []


def test_pairs_are_made_among_viewed_images_alone(world: World, tmp_path: Path) -> None:
    world.slate("abcd")
    world.act("view", "a", "b", "c")
    world.act("click", "c")
    world.build(tmp_path)
    assert ranks(tmp_path) == {(3, 1), (3, 2)}


def test_stronger_actions_beat_weaker_ones_and_the_last_word_counts(
    world: World, tmp_path: Path
) -> None:
    world.slate("abcd")
    world.act("view", *"abcd")
    world.act("click", "a")
    world.act("like", "b")
    world.act("like", "d", at=SHOWN + timedelta(minutes=1))
    world.act("dislike", "d", at=SHOWN + timedelta(minutes=2))
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1), (2, 3), (2, 4), (1, 3), (1, 4), (3, 4)}


def test_a_click_that_was_left_at_once_is_a_view(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    world.act("view", "a", "b")
    world.act("click", "a")
    world.act("dwell", "a", dwell_ms=300)
    world.build(tmp_path)
    assert lines(tmp_path) == []


def test_a_late_click_finds_its_slate_in_the_next_build(world: World, tmp_path: Path) -> None:
    world.slate("ab", at=NOW - timedelta(days=20))
    world.act("view", "a", "b", at=NOW - timedelta(days=20))
    world.build(tmp_path)
    assert lines(tmp_path) == []
    world.act("click", "b", at=NOW - timedelta(hours=1))
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}


def test_what_came_twice_counts_once(world: World, tmp_path: Path) -> None:
    for _ in range(2):
        world.slate("ab")
        event = str(uuid4())
        for _ in range(2):
            world.act("view", "a", "b")
            world.act("click", "b", event_id=event)
    report = world.build(tmp_path).report
    assert len(lines(tmp_path)) == 1
    assert report.slates["served"] == 1
    assert report.slates["repeated"] == 1


def test_each_useless_event_is_counted_by_what_is_wrong_with_it(
    world: World, tmp_path: Path
) -> None:
    world.slate("abc")
    world.slate("xyz", user="bob", request="r-bob")
    world.act("view", "a", "b")
    world.act("click", "b")
    world.act("click", "c")
    world.act("click", "nowhere")
    world.act("click", "x", request="r-bob")
    world.act("click", "x", request="never served")
    world.act("like", "x", request=None)
    world.act("reference_like", "x", request=None)
    world.raw(Feedback, b"{")
    world.raw(RankedFeed, None)
    report = world.build(tmp_path).report
    assert report.feedback == {
        "names_no_slate": 1,
        "on_a_slate_of_another_user": 1,
        "on_an_image_not_in_the_slate": 1,
        "on_an_image_not_viewed": 1,
        "on_an_unknown_slate": 1,
        "stated_reference": 1,
        "used": 3,
    }
    assert report.refused == {"feeds: no_value": 1, "feedback: not_json": 1}
    assert report.slates["without_feedback"] == 1
    assert ranks(tmp_path) == {(2, 1)}


def test_where_an_app_tells_of_no_views_only_actions_are_compared(
    world: World, tmp_path: Path
) -> None:
    world.slate("abc")
    world.act("click", "b")
    world.act("hide", "c")
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 3)}


def test_nobody_silences_an_event_by_reusing_its_id(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    event = str(uuid4())
    world.act("view", "z", user="mallory", event_id=event, at=SHOWN)
    world.act("view", "a", "b")
    world.act("click", "b", event_id=event)
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}


def test_a_pair_ordered_by_chance_is_told_apart_and_counts_more(
    world: World, tmp_path: Path
) -> None:
    places = [
        Place(0, 0.9, False),
        Place(2, 0.05, True),
        Place(1, 0.05, True),
        Place(3, 0.9, False),
    ]
    world.slate("abcd", places=places)
    world.act("view", *"abcd")
    world.act("click", "c")
    world.build(tmp_path)
    kinds = {(line["better_rank"], line["worse_rank"]): line for line in lines(tmp_path)}
    assert kinds[2, 3]["kind"] == "fair"
    assert {line["kind"] for pair, line in kinds.items() if pair != (2, 3)} == {"biased"}
    assert kinds[2, 3]["weight"] > 3 * kinds[2, 1]["weight"]


def test_weights_are_one_on_average_and_clipped(world: World, tmp_path: Path) -> None:
    for number in range(6):
        odd = 0.001 if number == 0 else 0.9
        places = [Place(0, odd, False), Place(1, 0.9, False)]
        world.slate(["a", f"b{number}"], request=f"r{number}", places=places)
        world.act("view", "a", f"b{number}", request=f"r{number}")
        world.act("click", "a", request=f"r{number}")
    world.build(tmp_path)
    weights = sorted(line["weight"] for line in lines(tmp_path))
    assert sum(weights) / len(weights) == pytest.approx(1, abs=1e-5)
    assert weights[-1] / weights[0] == pytest.approx(SMALL.clip * 0.9 * 0.9, rel=1e-4)


def test_no_person_and_no_slate_is_the_dataset(world: World, tmp_path: Path) -> None:
    for number in range(40):
        images = [f"{number}-{k}" for k in range(8)]
        world.slate(images, request=f"r{number}")
        world.act("view", *images, request=f"r{number}")
        world.act("click", *images[:4], request=f"r{number}")
    report = world.build(tmp_path).report
    assert len(lines(tmp_path)) == SMALL.pairs_per_user
    assert report.left_out["slate_cap"] == 40 * (16 - SMALL.pairs_per_slate)
    assert report.left_out["user_cap"] == 40 * SMALL.pairs_per_slate - SMALL.pairs_per_user


def test_a_click_farm_does_not_lift_its_image(world: World, tmp_path: Path) -> None:
    for number in range(200):
        user, request = f"honest-{number}", f"r-{number}"
        images = ["farmed", *(f"{number}-{k}" for k in range(3))]
        world.slate(images, user=user, request=request)
        world.act("view", *images, user=user, request=request)
        world.act("click", images[1], user=user, request=request)
    for number in range(40):
        user = f"farmer-{number}"
        for k in range(5):
            request = f"f-{number}-{k}"
            world.slate(["farmed", f"{k}-1", f"{k}-2", f"{k}-3"], user=user, request=request)
            world.act(
                "view", "farmed", *(f"{k}-{n}" for n in (1, 2, 3)), user=user, request=request
            )
            world.act("like", "farmed", user=user, request=request)
    report = world.build(tmp_path).report
    farmed = sum(1 for line in lines(tmp_path) if line["better_rank"] == 1)
    assert farmed <= 0.03 * len(lines(tmp_path)) + SMALL.pairs_per_image_at_least
    assert report.left_out["image_cap"] > 500


def test_users_who_click_on_everything_are_left_out_and_counted(
    world: World, tmp_path: Path
) -> None:
    for number in range(30):
        images = [f"{number}-{k}" for k in range(4)]
        world.slate(images, user="bot", request=f"r{number}")
        world.act("view", *images, user="bot", request=f"r{number}")
        world.act("click", *images, user="bot", request=f"r{number}")
        world.act("like", images[0], user="bot", request=f"r{number}")
    report = world.build(tmp_path).report
    assert report.machines == {"clicks_on_everything": 1}
    assert report.feedback == {"of_a_machine": 30 * 9}
    assert lines(tmp_path) == []


def test_pairs_of_one_picture_and_of_lost_images_are_left_out(world: World, tmp_path: Path) -> None:
    world.slate(["a", "a?resized", "gone-1", "b"])
    world.act("view", "a", "a?resized", "gone-1", "b")
    world.act("like", "a")
    report = world.build(tmp_path).report
    assert ranks(tmp_path) == {(1, 4)}
    assert report.left_out["same_picture"] == 1
    assert report.left_out["image_gone"] == 1
    assert report.images_refused == {"not_found": 1}
    for line in lines(tmp_path):
        assert (tmp_path / line["better"]).exists()


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


def test_people_and_days_are_kept_apart(world: World, tmp_path: Path) -> None:
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


def test_simulated_people_are_mixed_in_with_their_truth(world: World, tmp_path: Path) -> None:
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


def test_chance_undoes_position_bias(world: World, tmp_path: Path) -> None:
    """People who click on whatever stands higher prefer, in fair pairs, nothing at all."""
    for number in range(400):
        user, request = f"u{number}", f"r{number}"
        places = fair_pairs(4, share=1, seed=exploration_seed(tenant="default", request_id=request))
        shown = world.slate([f"{number}-{k}" for k in "abcd"], user=user, request=request,
                            places=places)  # fmt: skip
        world.act("view", *shown, user=user, request=request)
        world.act("click", shown[0], user=user, request=request)
    world.build(tmp_path)
    by_kind: dict[str, list[bool]] = {"fair": [], "biased": []}
    for line in lines(tmp_path):
        # The request's first candidate would stand first without exploration.
        by_kind[line["kind"]].append(line["better_rank"] < line["worse_rank"])
    assert all(by_kind["fair"])
    origins = [
        next(p for p in fair_pairs(
            4, share=1, seed=exploration_seed(tenant="default", request_id=line["slate"])
        )).origin
        for line in lines(tmp_path) if line["kind"] == "fair"
    ]  # fmt: skip
    share = sum(origin == 0 for origin in origins) / len(origins)
    assert len(origins) > 150
    assert abs(share - 0.5) < 0.15


def test_a_corrupt_table_is_named_and_nothing_is_written(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    world.act("view", "a", "b")
    world.write()
    for file in (world.lake / "feedback").rglob("*.parquet"):
        file.write_bytes(b"\0garbage")
    with pytest.raises(LakeUnreadable, match=r"lake/feedback cannot be read.*copy"):
        build(str(world.lake), tmp_path / "d", Pictures(), now=NOW)
    assert list((tmp_path / "d").iterdir()) == []


def test_a_lost_file_is_named(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    world.write()
    for file in (world.lake / "feeds").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(LakeUnreadable, match="lake/feeds cannot be read"):
        build(str(world.lake), tmp_path / "d", Pictures(), now=NOW)
