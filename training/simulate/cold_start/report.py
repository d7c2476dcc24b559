"""Report NDCG@10 by the number of actions: intervals over users, a table and a plot."""

from collections.abc import Sequence
from typing import Any, Final

from training.plots.line_chart import Line, line_chart
from training.simulate.cold_start.arms import ARMS
from training.simulate.cold_start.measure import CHECKPOINTS, Measured
from training.statistics.bootstrap import mean, paired_difference
from training.statistics.interval import Interval

FEED: Final = "opinions on the feed"
NAMES: Final = {"feed": FEED, "asked": "on the most telling", "asked at random": "on random images"}
WITHOUT: Final = "on the feed, own scores alone"
BASELINES: Final = ("popularity", "oracle", "random")


def results(by_seed: dict[int, Measured], *, seed: int = 0) -> dict[str, Any]:
    """All means with 95 % intervals over the users of all seeds."""
    rankings: dict[str, list[Interval]] = {}
    arms = [arm for arm in ARMS if all(arm in m.by_arm for m in by_seed.values())]
    for arm in arms:
        rankings[NAMES[arm]] = [
            mean(_values(by_seed, arm, checkpoint), seed=seed) for checkpoint in CHECKPOINTS
        ]
    rankings[WITHOUT] = [
        mean(_without_popularity(by_seed, checkpoint), seed=seed) for checkpoint in CHECKPOINTS
    ]
    for name in BASELINES:
        values = [value for m in by_seed.values() for value in m.baselines[name]]
        rankings[name] = [mean(values, seed=seed)] * len(CHECKPOINTS)
    popular = [value for m in by_seed.values() for value in m.baselines["popularity"]]
    differences = {
        **{
            f"{_actions(k)} minus none, on the feed": paired_difference(
                _values(by_seed, "feed", k), _values(by_seed, "feed", 0), seed=seed
            )
            for k in CHECKPOINTS[1:]
        },
        **{
            f"with popularity minus own scores alone, after {k}": paired_difference(
                _values(by_seed, "feed", k), _without_popularity(by_seed, k), seed=seed
            )
            for k in CHECKPOINTS[1:]
        },
        "ten actions minus popularity, on the feed": paired_difference(
            _values(by_seed, "feed", 10), popular, seed=seed
        ),
    }
    if set(arms) == set(ARMS):
        differences |= {
            f"most telling minus random questions, after {k}": paired_difference(
                _values(by_seed, "asked", k), _values(by_seed, "asked at random", k), seed=seed
            )
            for k in CHECKPOINTS[1:]
        }
    return {
        "seeds": list(by_seed),
        "users": len(popular),
        "checkpoints": list(CHECKPOINTS),
        "ndcg": {name: list(map(_as_dict, row)) for name, row in rankings.items()},
        "differences": {name: _as_dict(value) for name, value in differences.items()},
    }


def describe(summary: dict[str, Any]) -> str:
    """The results as a Markdown table, and the differences."""
    head = " | ".join(f"after {k}" for k in summary["checkpoints"])
    lines = [
        f"| NDCG@10, {summary['users']} users | {head} |",
        "|---" * (1 + len(CHECKPOINTS)) + "|",
    ]
    for name, row in summary["ndcg"].items():
        lines.append(f"| {name} | " + " | ".join(map(_text, row)) + " |")
    lines += [
        "",
        *(f"{name}: {_text(value)}" for name, value in summary["differences"].items()),
    ]
    return "\n".join(lines)


def plot(summary: dict[str, Any]) -> str:
    """One SVG file: the rankings by the number of actions."""
    lines = [
        Line(
            name,
            [point["mean"] for point in row],
            [point["low"] for point in row],
            [point["high"] for point in row],
            thick=name == FEED,
        )
        for name, row in summary["ndcg"].items()
    ]
    return line_chart(
        lines, title="NDCG@10 against true tastes, by actions of a new user",
        x_title="actions (likes and dislikes)", steps_at=[str(k) for k in summary["checkpoints"]],
    )  # fmt: skip


def _values(by_seed: dict[int, Measured], arm: Any, checkpoint: int) -> Sequence[float]:
    return [value for m in by_seed.values() for value in m.by_arm[arm][checkpoint]]


def _without_popularity(by_seed: dict[int, Measured], checkpoint: int) -> Sequence[float]:
    return [value for m in by_seed.values() for value in m.without_popularity[checkpoint]]


def _actions(count: int) -> str:
    return "one action" if count == 1 else f"{count} actions"


def _as_dict(interval: Interval) -> dict[str, float]:
    return {"mean": interval.value, "low": interval.low, "high": interval.high}


def _text(point: dict[str, float]) -> str:
    return f"{point['mean']:.3f} ({point['low']:.3f}-{point['high']:.3f})"
