"""`preferstream bench`: measure speed, and compare it with a baseline and with a required ratio."""

import os
import sys
from typing import Annotated

import typer

from services.cli.connection import connect
from services.cli.output.console import fail, print_json, print_rows, wrong_use
from services.cli.output.listing import Column, Listing
from services.cli.program.interruption import CHILD_SECONDS, interruptible
from shared.jobs.benchmark_result import BenchmarkResult, Measurement
from shared.runtime.child_process import run_child

BENCHMARKS = {
    "model": "training.bench.model",
    "feeds": "training.bench.feeds",
    "pipeline": "training.bench.pipeline",
    "ranking": "training.bench.ranking",
    "catalog": "training.bench.catalog",
}
"""Name and module; each runs in a child process and prints a `BenchmarkResult` as JSON."""
NEED_SYSTEM = {"feeds", "pipeline"}
"""Benchmarks of the running system."""
BY_NAME = {"feeds", "pipeline", "ranking", "catalog"}
"""Benchmarks that run only when they are named: they need the running system, or many minutes."""
HAVE_QUICK = {"catalog"}
"""Benchmarks with a short form."""


def bench(
    name: Annotated[
        str | None,
        typer.Argument(help=f"One of: {', '.join(BENCHMARKS)}; default: model."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="catalog: a small one, to see that everything runs.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON per benchmark.")
    ] = False,
) -> None:
    """Measure speed, and fail when it is below the required ratio to a baseline.

    `feeds` measures the running system as an app does, with new images in each round, and
    `pipeline` under load. `ranking` measures the assessor without Kafka. `catalog`
    compares the search of the catalog with faiss and LanceDB (`pip install 'preferstream[bench]'`),
    and takes many minutes.

    Example: preferstream bench model
    """
    if name is not None and name not in BENCHMARKS:
        wrong_use(f"{name} is not a benchmark; choose one of {', '.join(BENCHMARKS)}")
    if quick and name not in HAVE_QUICK:
        wrong_use(f"--quick is for: {', '.join(sorted(HAVE_QUICK))}")
    options = ["--quick"] if quick else []
    too_slow: list[str] = []
    for benchmark in [name] if name else sorted(BENCHMARKS.keys() - BY_NAME):
        result = _measure(benchmark, options)
        if as_json:
            print_json(result.model_dump(mode="json"))
        else:
            print_rows(result_rows(result))
        too_slow += [measure.what for measure in result.measures if not measure.is_met]
    if too_slow:
        fail(f"slower than required: {', '.join(too_slow)}")


def _measure(benchmark: str, options: list[str]) -> BenchmarkResult:
    """Run the benchmark in a child process; when it fails, the command ends with its code."""
    system = (
        {"PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": connect().kafka}
        if benchmark in NEED_SYSTEM
        else {}
    )
    lines: list[str] = []
    with interruptible(
        lambda: f"the benchmark {benchmark} was stopped: it has no result",
        grace_seconds=CHILD_SECONDS,
    ):
        ended = run_child(
            [sys.executable, "-m", BENCHMARKS[benchmark], *options],
            on_line=lines.append, share_stderr=True, env={**os.environ, **system},
        )  # fmt: skip
    if ended.code:
        raise typer.Exit(ended.code)
    return BenchmarkResult.model_validate_json("\n".join(lines))


def result_rows(result: BenchmarkResult) -> Listing:
    """One row per measure, with the conditions as title."""
    conditions = ", ".join(f"{name} {value}" for name, value in result.conditions.items())
    numbers = [Column(name, "number") for name in ("preferstream", "baseline", "ratio", "required")]
    return Listing(
        (Column("measure", "text", style="bold"), *numbers),
        [_row(measure) for measure in result.measures],
        title=[f"{result.benchmark}: {conditions}"],
        notes=[
            [f"baseline of {measure.what}: {measure.baseline_is}"]
            for measure in result.measures
            if measure.baseline_is
        ],
    )


def _row(measure: Measurement) -> tuple[str, ...]:
    baseline = "" if measure.baseline is None else f"{measure.baseline:.3g} {measure.unit}"
    ratio = "" if measure.ratio is None else f"{measure.ratio:.1f}x"
    ours = f"{measure.ours:.3g} {measure.unit}"
    return (measure.what, ours, baseline, ratio, _required(measure))


def _required(measure: Measurement) -> str:
    if measure.at_least is not None:
        return f"at least {measure.at_least:g}x"
    return "" if measure.at_most is None else f"at most {measure.at_most:g} {measure.unit}"
