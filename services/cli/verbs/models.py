"""`preferstream models`: the versions there are, which one serves, and how to change that."""

from collections.abc import Callable
from typing import Annotated

import typer

from services.cli.output import model_tables
from services.cli.output.console import fail, out, print_json, say
from services.cli.registry import connected, open_folders, open_promoter, running_lineup
from services.retrain.canary.canary_monitor import check_canary
from services.retrain.registry.folders import NoSuchVersion
from services.retrain.registry.promotion import CannotPromote, Promotion, Promoter
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

app = typer.Typer(
    help="Versions of the model: list, show, promote, roll back.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One line of JSON.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List every version, and mark those that serve.

    Example: preferstream models list
    """
    versions = open_folders().versions()
    serving, note = running_lineup()
    if as_json:
        print_json({"models": [model_tables.plain(one, serving) for one in versions], "note": note})
        return
    out.print(model_tables.versions_table(versions, serving))
    if note:
        say(note)


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="Which version.")], as_json: Json = False
) -> None:
    """Show one version: what it was made from, and what the gate found.

    Example: preferstream models show nano-2
    """
    folders = open_folders()
    try:
        artefact = folders.find(version)
    except (NoSuchVersion, BadCheckpoint) as error:
        fail(str(error))
    serving, _ = running_lineup()
    listed = next(one for one in folders.versions() if one.version == version)
    report = folders.report_of(version)
    if as_json:
        print_json(
            {**model_tables.plain(listed, serving), "sha256": artefact.sha256, "gate": report}
        )
        return
    out.print(model_tables.version_table(listed, artefact, serving, report))


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="Which version.")],
    reason: Annotated[str, typer.Option(help="Why, for those who read it later.")] = "by hand",
    canary: Annotated[
        float, typer.Option(min=0, max=1, help="Only try it out, on this share of the users.")
    ] = 0.0,
    shadow: Annotated[
        float, typer.Option(min=0, max=1, help="Only let it score this share, unseen.")
    ] = 0.0,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also when the gate has kept it out.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a version the champion, or try it out on a share of the traffic.

    Example: preferstream models promote nano-2 --canary 0.1
    """
    if not anyway:
        _stop_at_the_gate(version)
    if canary or shadow:
        _act(
            lambda promoter: promoter.start_trial(
                version, canary_share=canary, shadow_share=shadow, reason=reason
            ),
            as_json,
        )
    else:
        _act(lambda promoter: promoter.promote(version, reason=reason), as_json)


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="Why, for those who read it later.")] = "by hand",
    as_json: Json = False,
) -> None:
    """End a trial, or go back to the version before the champion. Needs Kafka alone.

    Example: preferstream models rollback --reason "scores look wrong since noon"
    """
    _act(lambda promoter: promoter.rollback(reason=reason), as_json)


@app.command()
def watch(
    apply: Annotated[
        bool, typer.Option("--apply", help="Act on the verdict, instead of only telling it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Judge a model that is tried out by what users do with its feeds; roll back if that falls.

    Example: preferstream models watch --apply
    """
    try:
        promoter, messaging = open_promoter(), connected()
        seen = check_canary(promoter, messaging, apply=apply)
    except (Unavailable, CannotPromote, NoSuchVersion, BadCheckpoint) as error:
        fail(getattr(error, "detail", str(error)))
    if as_json:
        print_json({"verdict": seen.verdict, "reason": seen.reason, "applied": seen.applied})
        return
    out.print(f"[bold]{seen.verdict}[/] {seen.reason}")


def _stop_at_the_gate(version: str) -> None:
    report = open_folders().report_of(version)
    decision = report.get("decision", {}) if report else {}
    if decision.get("verdict") == "keep":
        fail(
            f"the gate has kept {version} out: {decision.get('reason')} Promote it all the same"
            " with --anyway."
        )


def _act(action: Callable[[Promoter], Promotion], as_json: bool) -> None:
    try:
        done = action(open_promoter())
    except (NoSuchVersion, CannotPromote, BadCheckpoint) as error:
        fail(f"{error}. The champion keeps serving.")
    except Unavailable as error:
        fail(f"{error.detail}. The champion keeps serving.")
    _told(done, as_json)


def _told(done: Promotion, as_json: bool) -> None:
    event = done.event
    if as_json:
        print_json({**event.model_dump(mode="json"), "warnings": list(done.warnings)})
        return
    if event.variant == "challenger" and not (event.canary_share or event.shadow_share):
        out.print(f"the trial of [bold]{event.model_version}[/] has ended")
    elif event.variant == "challenger":
        out.print(
            f"[bold]{event.model_version}[/] is tried out: on {event.canary_share:.0%} of the"
            f" users, and unseen on {event.shadow_share:.0%} of the requests"
        )
    else:
        out.print(
            f"[bold green]{event.model_version}[/] was announced; every running instance"
            " swaps to it within seconds"
        )
    for warning in done.warnings:
        say(f"note: {warning}")
