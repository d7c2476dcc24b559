"""Write the comparison of the arms as Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from training.simulate.arms.report.comparisons import (
    LAST_DAYS,
    MODELS,
    Comparison,
    Recorded,
    collapse_checks,
    comparisons,
    level,
)
from training.simulate.measure.collapse import MEASURES
from training.statistics.interval import Interval


def report(recorded: Recorded) -> str:
    """Tables of levels, of differences, of diversity, of the nights and of the benchmarks."""
    parts = [
        f"# Arms of the closed loop: seeds {', '.join(map(str, recorded.by_seed))};"
        f" {nights(recorded.days - 1)}",
        setting(recorded),
        levels_table(recorded),
        differences_table(comparisons(recorded)),
        diversity_table(recorded),
        nights_table(recorded),
        benchmarks_table(recorded),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def setting(recorded: Recorded) -> str:
    """What was simulated, from the recorded options and the requests of the nights."""
    options = next(iter(recorded.by_seed.values()))["options"]
    jobs = [job for fields in recorded.by_seed.values() for job in jobs_of(fields)]
    minutes = sorted({job["minutes"] for job in jobs if job.get("minutes")})
    methods = sorted({job["methods"] for job in jobs if job.get("methods")})
    texts = [
        f"{options['users']} users a seed",
        *_counted(options.get("slates_per_day"), options.get("slate_size")),
        f"nights of {_range(minutes)} minutes" if minutes else "",
        f"trained with {' or '.join(f'`{one}`' for one in methods)}" if methods else "",
        f"verdicts from {options['least_users']} held-out users on"
        if options.get("least_users")
        else "",
    ]
    return ", ".join(text for text in texts if text) + "."


def _range(values: Sequence[float]) -> str:
    """The smallest and the largest of sorted values, or the only one."""
    return " to ".join(f"{one:g}" for one in dict.fromkeys((values[0], values[-1])))


def levels_table(recorded: Recorded) -> str:
    """NDCG@10 of every arm by day, and the arms that were not run."""
    last = recorded.days - 1
    days = [
        day for day in range(recorded.days) if any(recorded.has(arm, day) for arm in MODELS)
    ] or [last]
    names = ["first day" if day == 0 else f"after {nights(day)}" for day in days]
    rows = [
        f"| NDCG@10 | {' | '.join(names)} | users, last day |",
        f"|---|{'---|' * len(days)}---|",
    ]
    for arm in sorted(recorded.arms(), key=lambda arm: level(recorded, arm, [last]).value):
        cells = [
            str(level(recorded, arm, [day])) if recorded.has(arm, day) else "-" for day in days
        ]
        users = sum(len(group) for group in recorded.values(arm, [last]))
        rows.append(f"| {arm} | {' | '.join(cells)} | {users} |")
    rows += [f"| {arm} | {' | '.join(['not run'] * len(days))} | 0 |" for arm in recorded.not_run()]
    return "\n".join(rows)


def differences_table(compared: Sequence[Comparison]) -> str:
    """Differences in points of NDCG@10, with 95 % intervals over users and seeds."""
    rows = [
        f"| difference in points of NDCG@10 | | last day | last {LAST_DAYS} days | users |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {one.meaning} | {one.first} - {one.second} | {points(one.last_day)} |"
        f" {points(one.last_days) if one.last_days else 'not run'} | {one.users} |"
        for one in compared
    ]
    return "\n".join(rows)


def nights(count: int) -> str:
    """`1 night`, `2 nights`"""
    return f"{count} night{'' if count == 1 else 's'}"


def diversity_table(recorded: Recorded) -> str:
    """Coverage and diversity of the top 5 of 60 candidates; empty where they were not measured."""
    checks = collapse_checks(recorded)
    if not checks:
        return ""
    rows = [
        "| ranking, top 5 of 60 candidates | " + " | ".join(m.replace("_", " ") for m in MEASURES)
        + " | verdict |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for arm, by_measure in checks.items():
        values = [f"{by_measure[m].last:.3f}" if m in by_measure else "-" for m in MEASURES]
        valid = [check for check in by_measure.values() if check.is_valid]
        passed = all(check.passed for check in valid)
        verdict = "not judged" if not valid else "no collapse" if passed else "COLLAPSED"
        rows.append(f"| {arm} | {' | '.join(values)} | {verdict} |")
    return "\n".join(rows)


def nights_table(recorded: Recorded) -> str:
    """What each night ended with, by seed."""
    rows = ["| seed | night | outcome | reason | trained on |", "|---|---|---|---|---|"]
    for seed, fields in recorded.by_seed.items():
        for number, job in enumerate(jobs_of(fields), start=1):
            reason, training = (
                " ".join(str(job.get(key, "")).replace("|", "/").split())
                for key in ("reason", "training")
            )
            if training and training in reason:
                training = ""
            outcome = f"{job['verdict']} ({job['code']})"
            rows.append(f"| {seed} | {number} | {outcome} | {reason} | {training} |")
    return "\n".join(rows)


def benchmarks_table(recorded: Recorded) -> str:
    """Change of the frozen simulated benchmarks; empty where it was not measured."""
    rows = ["| seed | model | pairs | change in points |", "|---|---|---|---|"]
    for seed, fields in recorded.by_seed.items():
        for name, change in fields.get("benchmarks", {}).items():
            interval = Interval(change["mean"], change["low"], change["high"])
            rows.append(f"| {seed} | {name} | {change['pairs']} | {points(interval)} |")
    return "\n".join(rows) if len(rows) > 2 else ""


def jobs_of(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The outcomes of the nights of one seed, in order."""
    return [day["job"] for day in fields["days"] if "job" in day]


def _counted(slates: int | None, images: int | None) -> list[str]:
    """`one slate of 20 images a day`; nothing where the options are not recorded."""
    if slates is None or images is None:
        return []
    return [f"{'one slate' if slates == 1 else f'{slates} slates'} of {images} images a day"]


def outcomes(recorded: Recorded) -> Counter[str]:
    """How often each code ended a night."""
    return Counter(job["code"] for f in recorded.by_seed.values() for job in jobs_of(f))


def points(interval: Interval) -> str:
    """`+1.2 (+0.4 to +2.1)`"""
    return f"{100 * interval.value:+.1f} ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"
