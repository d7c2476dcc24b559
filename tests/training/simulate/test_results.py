"""Days of several seeds are merged into results, and statements follow from them."""

import json
from pathlib import Path

import pytest

from training.simulate.loop.options import Options
from training.simulate.loop.preference_drift import Drift
from training.simulate.loop.simulation import claim_folder
from training.simulate.measure.day_metrics import FROZEN, OURS
from training.simulate.measure.plot import plot
from training.simulate.measure.results import describe, merge
from training.simulate.merge_seeds import DifferentSimulations, measured, read


def _day(ours: float, frozen: float) -> dict[str, object]:
    metrics = {
        "ctr": 0.2, "coverage_at_5": 0.6, "exposure_diversity_at_5": 0.5,
        "list_diversity_at_5": 0.8, "users": 2,
    }  # fmt: skip
    return {
        "rankings": {OURS: {**metrics, "ndcg": ours}, FROZEN: {**metrics, "ndcg": frozen}},
        "ndcg_by_user": {OURS: {"0": ours, "1": ours}, FROZEN: {"0": frozen, "1": frozen}},
        "job": {"verdict": "kept", "code": "no_signal", "version": "", "reason": "chance"},
    }


def test_results_show_whether_the_feed_got_better() -> None:
    better = {1: [_day(0.7, 0.7), _day(0.8, 0.7)], 2: [_day(0.7, 0.7), _day(0.82, 0.7)]}
    results = merge(better)
    assert results["gain_over_frozen"]["low"] > 0
    assert ": better." in describe(results)
    worse = merge({1: [_day(0.7, 0.7), _day(0.6, 0.7)]})
    assert "no gain that can be measured" in describe(worse)


def test_the_plot_has_a_line_for_each_ranking() -> None:
    drawn = plot(merge({1: [_day(0.7, 0.7), _day(0.8, 0.7)]}))
    assert drawn.count("<polyline") == 2
    assert ">ours<" in drawn
    assert "<style>" in drawn


def test_days_without_the_collapsed_baseline_are_reported_as_not_measured() -> None:
    results = merge({1: [_day(0.7, 0.7), _day(0.8, 0.7)]})
    assert results["collapse"] is None
    assert "collapse: not measured" in describe(results)


def _drift_day(with_drift: float, others: float) -> dict[str, object]:
    by_user = {"0": with_drift, "1": with_drift, "2": others, "3": others}
    return _day(others, others) | {"ndcg_by_user": {OURS: by_user, FROZEN: by_user}}


def test_a_drift_is_recovered_once_the_gap_is_as_small_as_before() -> None:
    days = [
        _drift_day(*ndcg)
        for ndcg in ((0.9, 0.91), (0.9, 0.91), (0.6, 0.91), (0.8, 0.91), (0.89, 0.91))
    ]
    drift = Drift(2, {1: {0, 1}})
    recovery = merge({1: days}, drift)["drift"]
    assert recovery["gap"] == pytest.approx([0.01, 0.01, 0.31, 0.11, 0.02])
    assert recovery["recovered_after_jobs"] == 2
    assert "recovered after 2 jobs" in describe(merge({1: days}, drift))
    assert "not recovered" in describe(merge({1: days[:4]}, drift))
    assert merge({1: days[:2]}, drift)["drift"] is None


def test_seeds_merged_from_files_give_the_same_results(tmp_path: Path) -> None:
    options = Options(users=4, drift_after=1)
    by_seed = {seed: [_drift_day(0.8, 0.9), _drift_day(0.7, 0.95)] for seed in (1, 2)}
    files = []
    for seed, days in by_seed.items():
        files.append(tmp_path / f"{seed}.json")
        files[-1].write_text(json.dumps(measured(days, options, seed=seed)))
    from_files, own_options = read(files)
    assert own_options == options
    drift = options.drift([1, 2])
    assert json.dumps(merge(from_files, drift)) == json.dumps(merge(by_seed, drift))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"seed": 2, "options": {"users": 9}, "days": []}, "other options"),
        ({"seed": 1, "options": {}, "days": []}, "repeats seed 1"),
        ({"seed": 2}, "is not a measured.json"),
        ({"seed": 2, "options": {"unknown": 9}, "days": []}, "is not a measured.json"),
    ],
)
def test_seeds_of_different_simulations_are_rejected(
    tmp_path: Path, other: dict[str, object], reason: str
) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    first.write_text(json.dumps({"seed": 1, "options": {}, "days": []}))
    second.write_text(json.dumps(other))
    with pytest.raises(DifferentSimulations, match=reason):
        read([first, second])


def test_the_users_with_drift_are_the_same_for_a_seed_and_differ_between_seeds() -> None:
    options = Options(users=100, drift_after=5)
    drift = options.drift([1, 2])
    assert drift == options.drift([1, 2])
    assert drift is not None
    assert len(drift.users[1]) == 30
    assert drift.users[1] != drift.users[2]
    assert Options().drift([1]) is None


def test_a_folder_with_other_options_is_rejected(tmp_path: Path) -> None:
    claim_folder(tmp_path, Options(users=5), 1)
    claim_folder(tmp_path, Options(users=5, jobs=20), 1)
    with pytest.raises(ValueError, match="other options"):
        claim_folder(tmp_path, Options(users=6), 1)
    assert json.loads((tmp_path / "options.json").read_text())["users"] == 5
