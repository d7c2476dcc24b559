"""`preferstream evaluate`: measure accuracy on a benchmark, with intervals and two controls."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.connection import ConnectionSettings
from services.cli.files.benchmark_files import (
    BenchmarkNotFound,
    BenchmarkNotWritten,
    find_benchmark,
)
from services.cli.output import tables
from services.cli.output.console import (
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.output.evaluation_page import write_evaluation_page
from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id
from services.cli.program.interruption import CHILD_SECONDS, interruptible
from shared.files.writable_folder import UnusableFolder, prepare_folder
from shared.jobs.evaluation import Accuracy, Report
from shared.prompting.pair_template import InvalidPairTemplate, PairTemplate
from shared.runtime.child_process import run_child
from shared.settings import from_environment

INTERRUPTED = "the evaluation was stopped before its end, and there is no report"


class Protocol(StrEnum):
    score = "score"
    pair = "pair"


def evaluate(
    bench: Annotated[
        str,
        typer.Option(help="prefersim, prefersim-easy, a SET.json, or a folder of sets."),
    ],
    protocol: Annotated[
        Protocol,
        typer.Option(help="score: each image alone; pair: both in one prompt, in both orders."),
    ] = Protocol.score,
    model: Annotated[
        Path | None, typer.Option(help="Folder of a checkpoint; default: PREFERSTREAM_MODEL.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first N items of each set.")
    ] = None,
    references: Annotated[
        int | None,
        typer.Option(min=1, help="References per side; default 5, for prefersim 8."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of the intervals and of the control other_user.")
    ] = 0,
    prompt_template: Annotated[
        Path | None, typer.Option(help="File with another prompt for --protocol pair.")
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.json, answers.jsonl and index.html."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as one line of JSON.")
    ] = False,
) -> None:
    """Measure a model on a benchmark, with two controls: user_blind and other_user.

    Example: preferstream evaluate --bench prefersim-easy --protocol score --limit 50
    """
    if model is not None and not model.is_dir():
        wrong_use(f"{model} is not a folder; name one with a checkpoint in the Hugging Face layout")
    if prompt_template is not None:
        _check_template(prompt_template, protocol)
    data_dir = from_environment(ConnectionSettings).data_dir
    folder = out_folder or data_dir / "evaluation"
    try:
        prepare_folder(folder, advice="name another folder with --out")
    except UnusableFolder as error:
        fail(str(error))
    try:
        with interruptible(lambda: INTERRUPTED, grace_seconds=CHILD_SECONDS):
            benchmark = find_benchmark(bench, data_dir=data_dir, limit=limit)
    except BenchmarkNotFound as error:
        wrong_use(str(error))
    except BenchmarkNotWritten as error:
        fail(str(error))
    options = {
        "--protocol": protocol.value, "--model": model, "--limit": limit,
        "--level": benchmark.level, "--references": references, "--seed": seed,
        "--prompt-template": prompt_template,
        "--out": folder.absolute(),
    }  # fmt: skip
    given = [str(part) for pair in options.items() if pair[1] is not None for part in pair]
    # In a child process: services do not import training. Its progress goes to our stderr.
    command = [sys.executable, "-m", "training.evaluation", str(benchmark.path.absolute()), *given]
    lines: list[str] = []
    with interruptible(lambda: INTERRUPTED, grace_seconds=CHILD_SECONDS):
        result = run_child(command, on_line=lines.append, share_stderr=True)
    if not lines:
        raise typer.Exit(result.code or 1)
    line = lines[-1]
    report = Report.model_validate_json(line)
    page = folder / "index.html"
    write_evaluation_page(page, report, bench=bench)
    if as_json:
        print_json(json.loads(line))
    else:
        _show(report)
    print_progress(f"report, answers and page: {folder.resolve()}")
    if result.code:
        raise typer.Exit(result.code)


def _check_template(file: Path, protocol: Protocol) -> None:
    if protocol is not Protocol.pair:
        wrong_use(
            "--prompt-template works only with --protocol pair; add it, or leave the template"
        )
    try:
        PairTemplate.parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, InvalidPairTemplate) as error:
        wrong_use(f"{file} cannot be used as a prompt template: {error}")


def _show(report: Report) -> None:
    print_rows(report_rows(report))
    for line in notes(report):
        print_line(line)


def report_rows(report: Report) -> Listing:
    """One row per split, and their mean."""
    names = ("pairs", "accuracy (95 % interval)", *report.controls)
    controls = report.controls.values()
    rows = [
        (name, str(split.n), _percent(split), *(_percent(each.splits[name]) for each in controls))
        for name, split in report.splits.items()
    ]
    means = ("mean", "", f"{report.mean:.1%}", *map(_percent, controls))
    return Listing(
        (Column("split", "id"), *(Column(name, "number") for name in names)),
        [*rows, means],
        title=[Id(report.model_version), f", protocol {report.protocol}"],
    )


def notes(report: Report) -> list[str]:
    """Lines below the table: format failures, consistency, skipped items."""
    failures = report.format_failures
    lines = [f"{failures.failed} of {failures.answers} answers had format failures"]
    lines += [f"  {reason}: {count}" for reason, count in failures.reasons.items()]
    if report.order_consistency is not None:
        lines.append(f"same image chosen in both orders: {report.order_consistency:.1%}")
    if report.agrees_with_totals is not None:
        lines.append(f"answer matches the recomputed totals: {report.agrees_with_totals:.1%}")
    lines += tables.element_weight_lines(report.element_weights)
    lines += [f"items left out, {reason}: {count}" for reason, count in report.left_out.items()]
    if report.unknown_keys:
        lines.append(f"unknown keys in the benchmark, ignored: {', '.join(report.unknown_keys)}")
    return lines


def _percent(accuracy: Accuracy) -> str:
    low, high = accuracy.interval
    return f"{accuracy.accuracy:.1%} ({low:.1%}-{high:.1%})"
