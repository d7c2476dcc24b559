"""`preferstream models`: list, show, promote and roll back versions of the model."""

from collections.abc import Callable
from typing import Annotated

import typer

from services.cli.output import model_tables
from services.cli.output.console import fail, print_json, print_line, print_progress, print_rows
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from services.cli.registry import connected, open_folders, open_promoter, running_lineup
from services.retrain.canary.canary_monitor import check_canary
from services.retrain.registry.folders import NoSuchVersion
from services.retrain.registry.promotion import CannotPromote, Promoter, Promotion
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

app = typer.Typer(
    help="Versions of the model: list, show, promote, roll back, watch a trial.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all versions, and mark the ones that serve.

    Example: preferstream models list
    """
    versions = open_folders().versions()
    serving, note = running_lineup()
    if as_json:
        print_json(
            {
                "models": [model_tables.version_as_dict(version, serving) for version in versions],
                "note": note,
            }
        )
        return
    print_rows(model_tables.versions_table(versions, serving))
    if note:
        print_progress(note)


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="Name from `models list`.")], as_json: Json = False
) -> None:
    """Show one version: its base, its files and the gate's report.

    Example: preferstream models show nano-2
    """
    folders = open_folders()
    try:
        package = folders.find(version)
    except (NoSuchVersion, BadCheckpoint) as error:
        fail(str(error))
    serving, _ = running_lineup()
    listed = next(entry for entry in folders.versions() if entry.version == version)
    report = folders.report_of(version)
    if as_json:
        print_json(
            {
                **model_tables.version_as_dict(listed, serving),
                "sha256": package.sha256,
                "gate": report,
            }
        )
        return
    for line in model_tables.version_lines(listed, package, serving, report):
        print_line(*line)


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="Name from `models list`.")],
    reason: Annotated[str, typer.Option(help="Reason, stored for later readers.")] = "by hand",
    canary: Annotated[
        float,
        typer.Option(min=0, max=1, help="Start a trial: serve this share of the users (0-1)."),
    ] = 0.0,
    shadow: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Start a trial: score this share of the requests unseen (0-1).",
        ),
    ] = 0.0,
    force: Annotated[
        bool, typer.Option("--force", help="Promote it although the gate has rejected it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a version the champion, or start a trial with a share of the traffic.

    Example: preferstream models promote nano-2 --canary 0.1
    """
    if not force:
        _require_gate_approval(version)
    if canary or shadow:
        _change(
            lambda promoter: promoter.start_trial(
                version, canary_share=canary, shadow_share=shadow, reason=reason
            ),
            as_json,
        )
    else:
        _change(lambda promoter: promoter.promote(version, reason=reason), as_json)


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="Reason, stored for later readers.")] = "by hand",
    as_json: Json = False,
) -> None:
    """End a trial, or return to the version before the champion. Needs only Kafka.

    Example: preferstream models rollback --reason "scores look wrong since noon"
    """
    _change(lambda promoter: promoter.rollback(reason=reason), as_json)


@app.command()
def watch(
    apply: Annotated[
        bool,
        typer.Option(
            "--apply", help="Roll back when the verdict says so, instead of only printing it."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a model on trial: compare the feedback on its feeds with the champion's.

    Example: preferstream models watch --apply
    """
    try:
        promoter, messaging = open_promoter(), connected()
        result = check_canary(promoter, messaging, apply=apply)
    except (Unavailable, CannotPromote, NoSuchVersion, BadCheckpoint) as error:
        fail(getattr(error, "detail", str(error)))
    if as_json:
        print_json({"verdict": result.verdict, "reason": result.reason, "applied": result.applied})
        return
    print_line((result.verdict, "bold"), f" {result.reason}")


def _require_gate_approval(version: str) -> None:
    report = open_folders().report_of(version)
    decision = report.get("decision", {}) if report else {}
    if decision.get("verdict") == "keep":
        fail(
            f"the gate has rejected {version}: {decision.get('reason')} Use --force to promote it"
            " nevertheless."
        )


def _change(action: Callable[[Promoter], Promotion], as_json: bool) -> None:
    try:
        with interruptible(
            lambda: "stopped; `preferstream models list` shows which version serves"
        ):
            promotion = action(open_promoter())
    except (NoSuchVersion, CannotPromote, BadCheckpoint) as error:
        fail(f"{error}. The champion keeps serving.")
    except Unavailable as error:
        fail(f"{error.detail}. The champion keeps serving.")
    _print_promotion(promotion, as_json)


def _print_promotion(promotion: Promotion, as_json: bool) -> None:
    event = promotion.event
    if as_json:
        print_json({**event.model_dump(mode="json"), "warnings": list(promotion.warnings)})
        return
    version = Id(event.model_version)
    if event.variant == "challenger" and not (event.canary_share or event.shadow_share):
        print_line("the trial of ", (version, "bold"), " has ended")
    elif event.variant == "challenger":
        print_line(
            (version, "bold"),
            f" is on trial: it serves {event.canary_share:.0%} of the users, and"
            f" scores {event.shadow_share:.0%} of the requests in the shadow",
        )
    else:
        print_line(
            (version, "bold green"),
            " is the new champion; every running instance loads it within seconds",
        )
    for warning in promotion.warnings:
        print_progress(f"note: {warning}")
