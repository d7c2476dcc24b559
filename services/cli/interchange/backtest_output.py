"""Show a backtest as tables and as a page."""

from importlib import resources
from pathlib import Path
from typing import Final

from services.cli.output.listing import Column, Listing
from shared.files.atomic_write import atomic_write
from shared.jobs.backtest_report import BacktestReport, Metric, OffPolicy

TITLES: Final = {
    "ours": "our order",
    "logged": "logged order",
    "popularity": "popularity",
    "random": "chance",
    "user_blind": "control user_blind",
    "other_user": "control other_user",
}
BIAS: Final = (
    "Users click what is shown first, so the logged order is at an advantage: only the estimates by"
    " choices of chance compare both orders fairly."
)


def method_rows(report: BacktestReport) -> Listing:
    """One row a method, with its gain over the logged order."""
    rows = [
        (TITLES[name], str(r.rankings), str(r.users), text(r.ndcg), text(r.mrr), text(r.ndcg_gain))
        for name, r in report.methods.items()
    ]
    names = ("lists", "users", "NDCG (95 %)", "MRR (95 %)", "NDCG minus logged")
    return Listing(
        (Column("order", "text", style="bold"), *(Column(name, "number") for name in names)),
        rows,
        title=[f"{report.model_version}, seed {report.seed}, 95 % intervals over users"],
    )


def off_policy_rows(report: BacktestReport) -> Listing:
    """Click rates by SNIPS and doubly robust, where they can be estimated."""
    value = report.off_policy
    rows = [
        (name, text(metric), "" if gain is None else text(gain))
        for name, metric, gain in _estimates(value)
        if metric is not None
    ]
    unit = value.support.unit if value.support else "choices of chance"
    return Listing(
        (Column("estimate", "text"), Column("click rate (95 %)", "number"),
         Column("minus logged", "number")),
        rows,
        title=[f"by {unit}: {_support(value)}"],
    )  # fmt: skip


def _estimates(value: OffPolicy) -> list[tuple[str, Metric | None, Metric | None]]:
    return [
        ("logged order", value.logged, None),
        ("our order, SNIPS", value.snips, value.snips_gain),
        ("our order, doubly robust", value.dr, value.dr_gain),
    ]


def _support(value: OffPolicy) -> str:
    known = value.support
    if known is None:
        return "no estimate"
    return f"{known.decisions} of {known.users} users, {known.effective:.0f} effective"


def remarks(report: BacktestReport) -> list[str]:
    """Sentences below the tables: what is missing, what was left out, and how to read it."""
    lines = list(report.missing)
    lines += [f"lists left out, {reason}: {count}" for reason, count in report.left_out.items()]
    lines += [f"images left out, {name}: {count}" for name, count in report.missing_images.items()]
    if report.methods:
        lines.append(BIAS)
    if report.methods and report.off_policy.problem is not None:
        lines.append(f"No such estimate: {report.off_policy.problem}.")
    lines.append(
        f"{report.users_sampled} of {report.users_of_history} users,"
        f" {report.rankings_of_sample} lists of theirs, {report.seconds:.0f} s"
    )
    return lines


def text(metric: Metric) -> str:
    """`0.766 (0.714 to 0.825)`."""
    if metric.interval is None:
        return f"{metric.value:.3f} (one user)"
    low, high = metric.interval
    return f"{metric.value:.3f} ({low:.3f} to {high:.3f})"


def write_backtest_page(path: Path, report: BacktestReport) -> None:
    """The report as one HTML file without scripts."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(
        resources.files("services.cli.interchange")
        .joinpath("backtest.html")
        .read_text(encoding="utf-8")
    )
    methods = [(TITLES[name], name, result) for name, result in report.methods.items()]
    estimates = [row for row in _estimates(report.off_policy) if row[1] is not None]
    page = template.render(
        report=report, methods=methods, estimates=estimates, remarks=remarks(report), text=text,
        off_policy_title=report.off_policy.problem or _support(report.off_policy),
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, page)
