"""`preferstream evaluate`: accuracy on a benchmark, with intervals and the two controls."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.cli.benchmark_files import BenchmarkNotFound, BenchmarkNotWritten, find_benchmark
from services.cli.connection import ConnectionSettings
from services.cli.output import tables
from services.cli.output.console import fail, out, say, wrong_use
from services.cli.output.evaluation_page import write_evaluation_page
from shared.jobs.evaluation import Accuracy, Report
from shared.prompting.pair_template import InvalidPairTemplate, PairTemplate
from shared.runtime.child_process import run_child
from shared.settings import from_environment


class Protocol(StrEnum):
    score = "score"
    pair = "pair"


def evaluate(
    bench: Annotated[
        str,
        typer.Option(help="prefersim, prefersim-easy, a SET.json, or a folder of such sets."),
    ],
    protocol: Annotated[
        Protocol,
        typer.Option(help="score: each candidate alone; pair: both in one prompt, both orders."),
    ] = Protocol.score,
    model: Annotated[
        Path | None, typer.Option(help="Folder of a checkpoint; default: PREFERSTREAM_MODEL.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first N items of each set.")
    ] = None,
    references: Annotated[
        int | None,
        typer.Option(min=1, help="Images of a side that are used; default 5, for prefersim 8."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the intervals and of the control other_user.")] = 0,
    prompt_template: Annotated[
        Path | None, typer.Option(help="A file that replaces our prompt for pairs.")
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="For report.json, answers.jsonl and a page with the picture."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one line.")] = False,
) -> None:
    """Measure a model on a benchmark, with two controls: user_blind and other_user.

    Example: preferstream evaluate --bench prefersim-easy --protocol score --limit 50
    """
    if model is not None and not model.is_dir():
        wrong_use(f"{model} is no folder; name one with a checkpoint in the Hugging Face layout")
    if prompt_template is not None:
        _check_template(prompt_template, protocol)
    data_dir = from_environment(ConnectionSettings).data_dir
    folder = out_folder or data_dir / "evaluation"
    try:
        found = find_benchmark(bench, data_dir=data_dir, limit=limit)
    except BenchmarkNotFound as error:
        wrong_use(str(error))
    except BenchmarkNotWritten as error:
        fail(str(error))
    options = {
        "--protocol": protocol.value, "--model": model, "--limit": limit, "--level": found.level,
        "--references": references, "--seed": seed, "--prompt-template": prompt_template,
        "--out": folder,
    }  # fmt: skip
    given = [str(part) for pair in options.items() if pair[1] is not None for part in pair]
    # A process of its own: training and services meet only on the report. It tells its progress
    # on the standard error that it shares with this one.
    command = [sys.executable, "-m", "training.evaluation", str(found.path), *given]
    lines: list[str] = []
    ended = run_child(command, on_line=lines.append, share_stderr=True)
    if not lines:
        raise typer.Exit(ended.code or 1)
    line = lines[-1]
    report = Report.model_validate_json(line)
    page = folder / "index.html"
    write_evaluation_page(page, report, bench=bench)
    if as_json:
        sys.stdout.write(line + "\n")
    else:
        _show(report)
    say(f"report, answers and picture: {folder.resolve()}")
    if ended.code:
        raise typer.Exit(ended.code)


def _check_template(file: Path, protocol: Protocol) -> None:
    if protocol is not Protocol.pair:
        wrong_use("--prompt-template replaces the prompt of --protocol pair; add that, or leave it")
    try:
        PairTemplate.parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, InvalidPairTemplate) as error:
        wrong_use(f"{file} cannot be used as a prompt template: {error}")


def _show(report: Report) -> None:
    table = Table(title=f"{report.model_version}, protocol {report.protocol}")
    table.add_column("split")
    table.add_column("pairs", justify="right")
    table.add_column("right (95 % interval)", justify="right")
    for control in report.controls:
        table.add_column(control, justify="right")
    for name, split in report.splits.items():
        controls = [_percent(control.splits[name]) for control in report.controls.values()]
        table.add_row(name, str(split.n), _percent(split), *controls)
    together = [_percent(control) for control in report.controls.values()]
    table.add_row("mean", "", f"{report.mean:.1%}", *together)
    out.print(table)
    for line in notes(report):
        out.print(line, markup=False)


def notes(report: Report) -> list[str]:
    """What must be known beside the accuracies."""
    failures = report.format_failures
    told = [f"{failures.failed} of {failures.answers} answers had format failures"]
    told += [f"  {reason}: {count}" for reason, count in failures.reasons.items()]
    if report.order_consistency is not None:
        told.append(f"the same image in both orders: {report.order_consistency:.1%}")
    if report.agrees_with_totals is not None:
        told.append(f"the answer follows the recomputed totals: {report.agrees_with_totals:.1%}")
    told += tables.counted_lines(report.element_weights)
    told += [f"items left out, {reason}: {count}" for reason, count in report.left_out.items()]
    if report.unknown_keys:
        told.append(f"keys that are not the format's, unused: {', '.join(report.unknown_keys)}")
    return told


def _percent(accuracy: Accuracy) -> str:
    low, high = accuracy.interval
    return f"{accuracy.accuracy:.1%} ({low:.1%}-{high:.1%})"
