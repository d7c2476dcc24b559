"""Weights of the linear query are fitted to clicks, and written if other users confirm them."""

import json
from pathlib import Path

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS
from shared.domain.weights.retrieval_weights import SHIPPED, read_retrieval_weights
from shared.events import RankedFeed
from tests.training.dataset.world import SHOWN, World
from training.retrieval.click_pairs import ClickPairs
from training.retrieval.fit import TooFewUsers, fit, main, relative_factors

TRUE = np.array([1.0, 1.0, 1.0, 1.0, 0.2, 3.0])
"""Factors of users who go by the subject more than the model does, and hardly by the detail."""
SHARES = {"art_style": 0.2, "color": 0.2, "medium": 0.2, "saturation": 0.1, "detail": 0.1}


def simulated(users: int, *, factors: np.ndarray, seed: int, pairs: int = 12) -> ClickPairs:
    """Pairs whose first image was clicked with the probability that its sum gives."""
    rng = np.random.default_rng(seed)
    differences = rng.normal(size=(users * pairs, 6))
    is_first = rng.random(len(differences)) < 1 / (1 + np.exp(-2 * differences @ factors))
    differences *= np.where(is_first, 1, -1)[:, None]
    user = np.repeat(np.arange(users, dtype=np.uint64), pairs)
    return ClickPairs(user, differences, rng.normal(size=len(user)) * 0.1)


def test_the_factors_of_the_clicks_are_recovered() -> None:
    factors = relative_factors(simulated(200, factors=TRUE, seed=1))
    np.testing.assert_allclose(factors, TRUE / TRUE.mean(), atol=0.3)
    assert factors.mean() == pytest.approx(1)


def test_clicks_that_say_nothing_leave_the_shipped_proportions() -> None:
    factors = relative_factors(simulated(3, factors=np.ones(6), seed=2, pairs=2))
    np.testing.assert_allclose(factors, np.ones(6), atol=0.7)


def test_the_rank_takes_the_bias_of_position() -> None:
    pairs = simulated(200, factors=np.ones(6), seed=3)
    shown_by_subject = ClickPairs(pairs.user, pairs.differences, pairs.differences[:, 5])
    assert relative_factors(shown_by_subject)[5] < 1


def test_fitted_weights_are_tested_on_other_users() -> None:
    result = fit(simulated(150, factors=TRUE, seed=4), seed=0)
    assert (result.users, result.pairs) == (60, 720)
    assert result.is_better
    assert result.fitted.value > result.shipped.value
    assert result.weights.subject > SHIPPED.subject
    assert result.weights.detail < SHIPPED.detail


def test_weights_that_are_no_better_are_not_written() -> None:
    assert not fit(simulated(150, factors=np.ones(6), seed=5), seed=0).is_better


def test_too_few_users_are_an_error() -> None:
    with pytest.raises(TooFewUsers, match=r"47 users have clicks.*needs 50"):
        fit(simulated(47, factors=TRUE, seed=6), seed=0)


def test_clicks_of_a_lake_give_a_file_that_the_retrieval_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path / "lake")
    rng = np.random.default_rng(7)
    for number in range(60):
        _visit(world, f"user-{number}", rng)
    world.write()
    out = tmp_path / "weights.json"
    assert main(["--lake", str(tmp_path / "lake"), "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["written"] == str(out)
    assert printed["test_users"] == 23
    assert read_retrieval_weights(out).subject > SHIPPED.subject


def test_a_lake_without_clicks_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lake", str(tmp_path / "lake"), "--out", str(tmp_path / "weights.json")]) == 1
    assert "0 users have clicks" in capsys.readouterr().err


def _visit(world: World, user: str, rng: np.random.Generator) -> None:
    """A feed of eight viewed images; those with a high subject score are clicked."""
    scores = rng.uniform(0, 5, (8, 6)).round(2)
    items = [
        {
            "image_id": f"{user}-{k}", "rank": k + 1, "score": 12.5, "tier": "vlm",
            "elements": {e.value: {"score": s} for e, s in zip(ELEMENTS, row[:5], strict=True)},
            "subject": row[5], "score_total": 12.5,
        }
        for k, row in enumerate(scores.tolist())
    ]  # fmt: skip
    world.add(
        RankedFeed, SHOWN, user_id=user, tenant="default", request_id="r", status="ok",
        model_version="m", profile_version=None, items=items,
        ranking_weights={**SHARES, "subject": 0.2},
    )  # fmt: skip
    world.act("view", *(item["image_id"] for item in items), user=user)
    clicked = [f"{user}-{k}" for k, row in enumerate(scores) if row[5] > 3.3]
    world.act("click", *clicked, user=user)
