"""Position bias, active users, long slates, click farms and bots do not dominate the pairs."""

from pathlib import Path
from uuid import UUID

import pytest

from services.assessor.steps.reranking.exploration import Place, fair_pairs
from shared.domain.ids import exploration_seed
from shared.domain.requests.request_key import RequestKey
from tests.training.dataset.cases import lines
from tests.training.dataset.world import SMALL, World


def test_a_pair_in_random_order_is_marked_and_weighs_more(world: World, tmp_path: Path) -> None:
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


def test_no_user_and_no_slate_dominates_the_dataset(world: World, tmp_path: Path) -> None:
    for number in range(40):
        images = [f"{number}-{k}" for k in range(8)]
        world.slate(images, request=f"r{number}")
        world.act("view", *images, request=f"r{number}")
        world.act("click", *images[:4], request=f"r{number}")
    report = world.build(tmp_path).report
    assert len(lines(tmp_path)) == SMALL.pairs_per_user
    assert report.excluded["slate_cap"] == 40 * (16 - SMALL.pairs_per_slate)
    assert report.excluded["user_cap"] == 40 * SMALL.pairs_per_slate - SMALL.pairs_per_user


def test_a_click_farm_does_not_promote_its_image(world: World, tmp_path: Path) -> None:
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
    assert farmed <= 0.03 * len(lines(tmp_path)) + SMALL.min_pairs_per_image
    assert report.excluded["image_cap"] > 500


def test_users_who_click_on_everything_are_excluded_and_counted(
    world: World, tmp_path: Path
) -> None:
    for number in range(30):
        images = [f"{number}-{k}" for k in range(4)]
        world.slate(images, user="bot", request=f"r{number}")
        world.act("view", *images, user="bot", request=f"r{number}")
        world.act("click", *images, user="bot", request=f"r{number}")
        world.act("like", images[0], user="bot", request=f"r{number}")
    report = world.build(tmp_path).report
    assert report.bots == {"clicks_on_everything": 1}
    assert report.feedback == {"from_a_bot": 30 * 9}
    assert lines(tmp_path) == []


def _seed(request: str) -> UUID:
    return exploration_seed(RequestKey("default", "u", request), request_hash="0")


def test_random_order_removes_position_bias(world: World, tmp_path: Path) -> None:
    """Users who always click on the upper image have no preference in fair pairs."""
    for number in range(400):
        user, request = f"u{number}", f"r{number}"
        places = fair_pairs(4, share=1, seed=_seed(request))
        shown = world.slate([f"{number}-{k}" for k in "abcd"], user=user, request=request,
                            places=places)  # fmt: skip
        world.act("view", *shown, user=user, request=request)
        world.act("click", shown[0], user=user, request=request)
    world.build(tmp_path)
    by_kind: dict[str, list[bool]] = {"fair": [], "biased": []}
    for line in lines(tmp_path):
        # Without exploration the first candidate of the request would have the first rank.
        by_kind[line["kind"]].append(line["better_rank"] < line["worse_rank"])
    assert all(by_kind["fair"])
    origins = [
        next(iter(fair_pairs(4, share=1, seed=_seed(line["slate"])))).origin
        for line in lines(tmp_path) if line["kind"] == "fair"
    ]  # fmt: skip
    share = sum(origin == 0 for origin in origins) / len(origins)
    assert len(origins) > 150
    assert abs(share - 0.5) < 0.15
