"""`preferstream bench`: what the parts do in a second, each beside its baseline, as ratios."""

import os
import sys
from typing import Annotated

import typer
from rich.table import Table

from services.cli.connection import connect
from services.cli.output.console import fail, out, print_json, wrong_use
from shared.jobs.benchmark_result import Measure, Measured
from shared.runtime.child_process import run_child

BENCHMARKS = {
    "model": "training.bench.model",
    "feeds": "training.bench.feeds",
}
"""Name and module; each runs in a process of its own and prints `shared.jobs.benchmark_result.Measured`."""
OF_A_SYSTEM = {"feeds"}
"""They measure the one that is running, and run by name alone."""


def bench(
    name: Annotated[
        str | None,
        typer.Argument(help=f"One of: {', '.join(BENCHMARKS)}; without it, all but feeds."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line a benchmark.")] = False,
) -> None:
    """Measure speed, beside a baseline where there is one; fails where a promise is broken.

    `feeds` asks the running system as an app would.

    Example: preferstream bench model
    """
    if name is not None and name not in BENCHMARKS:
        wrong_use(f"{name} is no benchmark; there are {', '.join(BENCHMARKS)}")
    broken: list[str] = []
    for chosen in [name] if name else sorted(BENCHMARKS.keys() - OF_A_SYSTEM):
        system = {"PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": connect().kafka} if chosen in OF_A_SYSTEM else {}
        lines: list[str] = []
        ended = run_child(
            [sys.executable, "-m", BENCHMARKS[chosen]],
            on_line=lines.append, share_stderr=True, env={**os.environ, **system},
        )  # fmt: skip
        if ended.code:
            raise typer.Exit(ended.code)
        measured = Measured.model_validate_json("\n".join(lines))
        if as_json:
            print_json(measured.model_dump(mode="json"))
        else:
            out.print(_table(measured))
        broken += [measure.what for measure in measured.measures if not measure.kept]
    if broken:
        fail(f"not as fast as promised: {', '.join(broken)}")


def _table(measured: Measured) -> Table:
    conditions = ", ".join(f"{name} {value}" for name, value in measured.conditions.items())
    table = Table(title=f"{measured.benchmark}: {conditions}", title_justify="left")
    table.add_column("what")
    for column in ("ours", "baseline", "ratio", "promised"):
        table.add_column(column, justify="right")
    for measure in measured.measures:
        baseline = "" if measure.baseline is None else f"{measure.baseline:.3g} {measure.unit}"
        ratio = "" if measure.ratio is None else f"{measure.ratio:.1f}x"
        table.add_row(
            measure.what, f"{measure.ours:.3g} {measure.unit}", baseline, ratio, _promise(measure)
        )
        if measure.baseline_is:
            table.add_row(f"  beside {measure.baseline_is}", "", "", "", "")
    return table


def _promise(measure: Measure) -> str:
    if measure.at_least is not None:
        return f"at least {measure.at_least:g}x"
    return "" if measure.at_most is None else f"at most {measure.at_most:g} {measure.unit}"
