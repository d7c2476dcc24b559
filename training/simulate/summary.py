"""Write the README's account of the closed loop from the recorded days.

python -m training.simulate.summary --write

The text is computed from `measured/unfamiliar/seed-*.json` (the arms of the closed loop with people
and pictures that the release does not know) where there are such files. Else it is that of the
familiar population: `measured/seed-*.json` (ten training jobs per seed) and
`measured/drift_fast/seed-*.json` (more feedback per day). The command fills the marked block of
README.md and draws the plots again; a test fails when one is out of date.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from training.simulate.arms.report.comparisons import Recorded
from training.simulate.arms.report.plot import plot as plot_arms
from training.simulate.arms.report.readme_block import block as arms_block
from training.simulate.arms.report.table import report
from training.simulate.loop.options import Options
from training.simulate.measure.day_metrics import FROZEN, OURS
from training.simulate.measure.plot import plot
from training.simulate.measure.results import gain_over_frozen, merge
from training.simulate.merge_seeds import read
from training.simulate.users import PATIENCE

RECORDED: Final = Path(__file__).with_name("measured")
UNFAMILIAR: Final = RECORDED / "unfamiliar"
README: Final = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- closed loop: begin -->", "<!-- closed loop: end -->"
PLOT: Final = "training/simulate/measured/ndcg.svg"
LINE: Final = 100
STALE: Final = 1
OUTCOMES: Final[Mapping[str, str]] = {
    "no_signal": "in {count} the gate found no gain that is distinguishable from zero",
    "no_time": "{count} had too little time for a training and a verdict",
    "too_little_data": "{count} had too little data",
    "machine": "{count} crashed in GRPO",
    "few_users": "in {count} the gain came from too few users",
}
"""What the codes of jobs that kept the champion mean; `machine` is a crash of GRPO in all recorded
reasons, which a test checks."""


@dataclass(frozen=True)
class Recording:
    """Recorded seeds of the same options."""

    by_seed: dict[int, list[dict[str, Any]]]
    options: Options
    seeds_with_bug: frozenset[int]
    """Seeds in which a promoted challenger was trained by GRPO with the positions bug."""

    @property
    def results(self) -> dict[str, Any]:
        return merge(self.by_seed, self.options.drift(list(self.by_seed)))


def load(folder: Path) -> Recording:
    """Read `seed-*.json` of a folder."""
    files = sorted(folder.glob("seed-*.json"))
    by_seed, options = read(files)
    with_bug = frozenset(
        int(fields["seed"])
        for fields in (json.loads(file.read_text(encoding="utf-8")) for file in files)
        if fields["grpo_positions_bug"]
        and any("-grpo-" in job["version"] for job in _jobs(fields["days"], "promoted"))
    )
    return Recording(by_seed, options, with_bug)


def summary(recording: Recording, drift: Recording) -> str:
    """Markdown: the plot and one paragraph per statement."""
    results = recording.results
    points = [_jobs_text(recording), _gain_text(recording)]
    if recording.seeds_with_bug:
        points.append(_bug_text(recording))
    points += [_collapse_text(results), _drift_text(recording, drift)]
    wrapped = [
        fill(f"* {point}", width=LINE, subsequent_indent="  ", break_on_hyphens=False)
        for point in points
    ]
    return f"![{_alt_text(results)}]({PLOT})\n\n" + "\n".join(wrapped)


def with_block(text: str, block: str) -> str:
    """The README with the block between its markers."""
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return f"{text[:start]}\n{block}\n{text[end:]}"


def readme_block() -> str:
    """What stands between the markers of README.md."""
    unfamiliar = recorded_arms()
    if unfamiliar is not None:
        return arms_block(unfamiliar)
    return summary(load(RECORDED), load(RECORDED / "drift_fast"))


def recorded_arms() -> Recorded | None:
    """The arms of the unfamiliar population; None while no seed is recorded."""
    files = sorted(UNFAMILIAR.glob("seed-*.json"))
    return Recorded.read(files) if files else None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write README.md and ndcg.svg")
    arguments = parser.parse_args()
    block = readme_block()
    text = README.read_text(encoding="utf-8")
    if arguments.write:
        atomic_write(README, with_block(text, block))
        atomic_write(RECORDED / "ndcg.svg", plot(load(RECORDED).results))
        unfamiliar = recorded_arms()
        if unfamiliar is not None:
            atomic_write(UNFAMILIAR / "ndcg.svg", plot_arms(unfamiliar))
            atomic_write(UNFAMILIAR / "report.md", report(unfamiliar))
        return 0
    print(block)
    return 0 if with_block(text, block) == text else STALE


def _jobs(days: Sequence[dict[str, Any]], verdict: str) -> list[dict[str, Any]]:
    return [day["job"] for day in days if day.get("job", {}).get("verdict") == verdict]


def _jobs_text(recording: Recording) -> str:
    all_days = recording.by_seed.values()
    total = sum("job" in day for days in all_days for day in days)
    promoted = [job for days in all_days for job in _jobs(days, "promoted")]
    kept = [job for days in all_days for job in _jobs(days, "kept")]
    per_seed = {len(_jobs(days, "promoted")) for days in all_days}
    where = ", one in each seed" if per_seed == {1} else ""
    gains = sorted(float(gain) for job in promoted for gain in _reported_gains(job["reason"]))
    reached = (
        f"; they agree with {gains[0]:g} to {gains[-1]:g} points more choices of held-out users"
        " than the champion"
        if gains
        else ""
    )
    counts = Counter(job["code"] for job in kept)
    outcomes = [
        OUTCOMES.get(code, f"{{count}} ended with `{code}`").format(count=count)
        for code, count in counts.most_common()
    ]
    listed = "; ".join(outcomes)
    return (
        f"**Jobs.** {len(recording.by_seed)} seeds of {recording.options.users} users, {total}"
        f" training jobs. {len(promoted)} challengers were promoted{where}"
        f"{reached}. {len(kept)} jobs kept the champion: {listed}."
    )


def _reported_gains(reason: str) -> list[str]:
    """The gain on held-out users in the gate's reason, in points."""
    return re.findall(r": \+([\d.]+) points", reason)


def _gain_text(recording: Recording) -> str:
    users = sum(len(days[-1]["ndcg_by_user"][OURS]) for days in recording.by_seed.values())
    return (
        f"**Gain.** After {recording.options.jobs} jobs NDCG@10 is {_gain(recording.by_seed)} above"
        " the frozen model, which ranks the same candidates with the same profiles"
        f" ({len(recording.by_seed)} seeds, {users} users)."
    )


def _gain(by_seed: dict[int, list[dict[str, Any]]]) -> str:
    last = min(len(days) for days in by_seed.values()) - 1
    gain = {end: 100 * value for end, value in gain_over_frozen(by_seed, last).items()}
    interval = f"95 % interval {gain['low']:+.1f} to {gain['high']:+.1f}"
    return f"{gain['mean']:+.1f} points ({interval})"


def _bug_text(recording: Recording) -> str:
    affected = sorted(recording.seeds_with_bug)
    clean = {s: days for s, days in recording.by_seed.items() if s not in affected}
    names = ", ".join(map(str, affected))
    text = (
        f"**Positions bug.** GRPO with wrong token positions trained the adapter that seed {names}"
        " promoted (fixed later in commit `7747f1f`; [training/LOG.md](training/LOG.md))."
    )
    if clean:
        others = " and ".join(map(str, sorted(clean)))
        text += f" Seeds {others} alone, which the bug does not affect: {_gain(clean)}."
    return text


def _collapse_text(results: dict[str, Any]) -> str:
    if results["collapse"] is None:
        return (
            "**Collapse.** Not measured. These days have coverage and diversity of the top 10 of 12"
            " images, where both are nearly constant for any ranking. `training.simulate` now"
            " measures the top 5 and compares them with the first day and with a ranking that has"
            " collapsed; no full run has recorded that yet."
        )
    passed = all(
        c["last"] > (c["first"] + c["collapsed"]) / 2 for c in results["collapse"].values()
    )
    measured = "; ".join(
        f"{measure.replace('_', ' ')} {c['first']:.2f} on the first day, {c['last']:.2f} on the"
        f" last, {c['collapsed']:.2f} for a collapsed ranking"
        for measure, c in results["collapse"].items()
    )
    return f"**Collapse.** {'None' if passed else 'Rankings collapsed'}: {measured}."


def _drift_text(recording: Recording, fast: Recording) -> str:
    """NDCG@10 of users with drift below the others: on the day of the drift, and at the end."""
    gaps = []
    for each in (recording, fast):
        drift = each.results["drift"]
        days = len(drift["gap"]) - 1 - drift["before_day"]
        gaps.append(
            f"with about {_views_per_day(each.options)} viewed images a day"
            f" {_decimal(drift['gap'][drift['before_day']])} on the day of the drift and"
            f" {_decimal(drift['gap'][-1])} {days} days later"
            f" ({each.options.users * len(each.by_seed)} users)"
        )
    return (
        f"**Preference drift.** After {recording.options.drift_after} jobs the taste of"
        f" {100 * recording.options.drift_share:.0f} % of the users changes. Their NDCG@10 is then"
        f" below that of the others: {gaps[0]}. In separate runs, in which"
        f" {100 * fast.options.drift_share:.0f} % change: {gaps[1]}."
    )


def _views_per_day(options: Options) -> int:
    """Expected viewed images of a user: a user views the next rank with probability `PATIENCE`."""
    per_slate = (1 - PATIENCE**options.slate_size) / (1 - PATIENCE)
    return round(per_slate * options.slates_per_day)


def _alt_text(results: dict[str, Any]) -> str:
    ours = [point["mean"] for point in results["metrics"]["ndcg"][OURS]]
    frozen = [point["mean"] for point in results["metrics"]["ndcg"][FROZEN]]
    best = max(range(len(ours)), key=ours.__getitem__)
    return (
        f"NDCG@10 by training jobs, mean of {len(results['seeds'])} seeds: our feed"
        f" {_decimal(ours[0])} at first, {_decimal(ours[best])} after {best} jobs and"
        f" {_decimal(ours[-1])} after"
        f" {len(ours) - 1}; the frozen model {_decimal(frozen[0])}, {_decimal(frozen[best])} and"
        f" {_decimal(frozen[-1])}"
    )


def _decimal(value: float) -> str:
    """`.957`"""
    return f"{value:.3f}".removeprefix("0")


if __name__ == "__main__":
    sys.exit(main())
