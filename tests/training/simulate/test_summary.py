"""The README's account of the closed loop equals what the recorded days say."""

from collections import Counter

from training.simulate.arms.report.plot import plot as plot_arms
from training.simulate.arms.report.table import report
from training.simulate.measure.plot import plot
from training.simulate.summary import (
    README,
    RECORDED,
    UNFAMILIAR,
    load,
    readme_block,
    recorded_arms,
    summary,
    with_block,
)


def test_the_readme_and_the_plot_are_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    hint = "run python -m training.simulate.summary --write"
    assert with_block(text, readme_block()) == text, hint
    drawn = plot(load(RECORDED).results)
    assert (RECORDED / "ndcg.svg").read_text(encoding="utf-8") == drawn, hint
    arms = recorded_arms()
    if arms is not None:
        assert (UNFAMILIAR / "ndcg.svg").read_text(encoding="utf-8") == plot_arms(arms), hint
        assert (UNFAMILIAR / "report.md").read_text(encoding="utf-8") == report(arms), hint


def test_the_account_states_all_outcomes_the_gain_and_the_bug() -> None:
    recording = load(RECORDED)
    text = " ".join(summary(recording, load(RECORDED / "drift_fast")).split())
    jobs = [day["job"] for days in recording.by_seed.values() for day in days if "job" in day]
    kept = Counter(job["code"] for job in jobs if job["verdict"] == "kept")
    assert kept == {"no_signal": 14, "no_time": 8, "too_little_data": 3, "machine": 2}
    assert all("GRPO" in job["reason"] for job in jobs if job["code"] == "machine")
    for phrase in (
        "30 training jobs", "3 challengers were promoted", "27 jobs kept the champion",
        "in 14 the gate", "8 had too little time", "3 had too little data", "2 crashed in GRPO",
        "+2.4 points (95 % interval", "3 seeds, 900 users", "seed 3 promoted",
        "Seeds 1 and 2 alone", "+2.6 points", "**Collapse.** Not measured.",
    ):  # fmt: skip
        assert phrase in text, phrase


def test_recorded_files_name_no_path_of_a_machine() -> None:
    for file in RECORDED.rglob("*.json"):
        assert "/lib/python" not in file.read_text(encoding="utf-8"), file.name
