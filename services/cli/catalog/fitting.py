"""`preferstream catalog fit`: fit the weights of the search by taste to clicks of the lake."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.output.console import fail, print_json, print_line, print_rows
from services.cli.output.listing import Column, Listing
from services.cli.program.interruption import CHILD_SECONDS, interruptible
from shared.files.storage_options import delta_options
from shared.runtime.child_process import run_child
from shared.settings import from_environment

INTERRUPTED = "the fit was stopped: nothing was written"
SETTING = "PREFERSTREAM_RETRIEVAL_WEIGHTS_FILE"


def fit(
    out: Annotated[Path, typer.Option(help="File for the weights.")] = Path(
        "retrieval-weights.json"
    ),
    days: Annotated[int, typer.Option(min=1, help="Days of feeds and feedback.")] = 30,
    seed: Annotated[int, typer.Option(help="Seed of the split of the users.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Fit how much each element and the subject count in the search of the catalog.

    The weights are fitted to the clicks of 60 % of the users and tested on the others. They are
    written only if they are better there.

    Example: preferstream catalog fit --out retrieval-weights.json
    """
    result = _fitted(out, days=days, seed=seed)
    if as_json:
        print_json(result)
        return
    print_rows(_listing(result))
    if result["written"]:
        print_line(f"written to {result['written']}; set {SETTING} to it and restart the assessor")
    else:
        print_line("the clicks do not show that these weights are better: nothing was written")


def _fitted(out: Path, *, days: int, seed: int) -> dict[str, Any]:
    """Fit in a child process, since services do not import training; ends the command on errors."""
    from services.retrain.config import RetrainSettings

    lake = from_environment(RetrainSettings)
    options = {
        "--lake": lake.lake_uri, "--out": out.absolute(), "--days": days, "--seed": seed,
        "--storage-options": json.dumps(delta_options(lake.s3_endpoint) or {}),
    }  # fmt: skip
    given = [str(part) for pair in options.items() for part in pair]
    lines: list[str] = []
    with interruptible(
        lambda: "the fit was stopped: nothing was written", grace_seconds=CHILD_SECONDS
    ):
        ended = run_child(
            [sys.executable, "-m", "training.retrieval.fit", *given],
            on_line=lines.append, share_stderr=True,
        )  # fmt: skip
    if ended.code or not lines:
        fail("no weights were fitted")
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def _listing(result: dict[str, Any]) -> Listing:
    return Listing(
        (Column("weight", "text", style="bold"), Column("fitted", "number")),
        [(name, f"{value:.3g}") for name, value in result["weights"].items()],
        title=[
            f"{result['test_pairs']} pairs of a clicked and a viewed image, {result['test_users']}"
            " test users"
        ],
        notes=[
            [f"right pairs with these weights: {result['right_with_fitted_weights']}"],
            [f"with the shipped weights: {result['right_with_shipped_weights']}"],
            [f"difference: {result['difference']}"],
        ],
    )
