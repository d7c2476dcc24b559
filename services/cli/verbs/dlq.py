"""`preferstream dlq`: dead letters; find them, look at them, send them back or let them be."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import out, print_json, say, wrong_use
from services.cli.output.dead_letter_output import (
    moment,
    one_by_one,
    page_by_page,
    run,
    state,
    table,
    tell,
)
from shared import dead_letters as desk
from shared.dead_letters import DeadLetterFilter
from shared.events.topics import CONSUMED
from shared.messaging.client.settings import MessagingSettings

app = typer.Typer(help="Dead letters: list, show, replay, drop.", no_args_is_help=True)

Ids = Annotated[list[str] | None, typer.Argument(help="Ids as `list` shows them.")]
Topic = Annotated[str | None, typer.Option(help="Only those set aside from this topic.")]
Reason = Annotated[str | None, typer.Option(help="Only those with this reason.")]
Since = Annotated[str | None, typer.Option(help="Not before: 30m, 2h, 3d or RFC 3339.")]
Until = Annotated[str | None, typer.Option(help="Not after, likewise.")]
Text = Annotated[str | None, typer.Option(help="Only those with this text in them.")]
Every = Annotated[bool, typer.Option("--every", help="All open ones that the options above leave.")]
Note = Annotated[str | None, typer.Option(help="Why, for those who read it later.")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON.")]


@app.command("list")
def list_(
    topic: Topic = None, reason: Reason = None, since: Since = None, until: Until = None,
    text: Text = None,
    resolved: Annotated[
        bool, typer.Option("--all", help="Also those that were replayed or dropped.")
    ] = False,
    most: Annotated[int, typer.Option(min=1, max=1000, help="Letters of one page.")] = 50,
    after: Annotated[
        str | None, typer.Option(help="Go on where an earlier page ended (its `next`).")
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """List open dead letters, the newest first.

    Example: preferstream dlq list --topic feedback.v1 --since 2h
    """
    wanted = _wanted(topic, reason, since, until, text, resolved=resolved)
    page = run(desk.find_dead_letters(_settings(), wanted, after=after, limit=most))
    if as_json:
        print_json({"letters": [one.as_dict() for one in page.letters], "next": page.next})
        return
    if page.letters:
        out.print(table(page.letters))
    else:
        out.print(f"no dead letters among {page.scanned}" if page.next else "no dead letters")
    if page.next:
        say(f"there may be more: --after {page.next}")


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    as_json: Json = False,
) -> None:
    """Show one dead letter: why it was set aside, its headers and its value.

    Example: preferstream dlq show feedback.v1.dlq/0/17
    """
    letter = run(desk.get_dead_letter(_settings(), letter_id))
    told = letter.as_dict()
    if as_json:
        print_json(told)
        return
    for name in ("id", "reason", "detail", "source", "attempts", "set_aside_at", "replayed_from"):
        if told[name] is not None:
            out.print(f"[bold]{name.replace('_', ' ')}[/]: ", end="")
            out.print(told[name], markup=False)
    out.print(f"[bold]state[/]: {state(letter)}")
    out.print("[bold]key[/]: ", end="")
    out.print(str(told["key"]), markup=False)
    for name, value in told["headers"].items():
        out.print(f"{name}: {value}", markup=False)
    out.print("[bold]value[/]:")
    out.print(told["value"] or told.get("value_base64") or "(none)", markup=False, soft_wrap=True)


@app.command()
def replay(
    ids: Ids = None,
    value: Annotated[
        str | None, typer.Option(help="File with a mended value, or - for standard input.")
    ] = None,
    every: Every = False, topic: Topic = None, reason: Reason = None, since: Since = None,
    until: Until = None, text: Text = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also one that was replayed or dropped before.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--anyway", help="Also what will be set aside again.")
    ] = False,
    note: Note = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Send dead letters back to their topics, once, as they came or mended.

    Example: preferstream dlq replay feedback.v1.dlq/0/17 --value mended.json
    """
    if value is not None and (every or len(ids or ()) != 1):
        wrong_use("a mended value is for one dead letter; name its id, and not --every")
    mended = _mended(value)
    settings = _settings()
    _check_chosen(ids, every)
    if ids:
        outcome = one_by_one(
            ids,
            lambda one: desk.replay(
                settings, one, value=mended, by=_who(), note=note, again=again, force=force
            ),
        )
    else:
        outcome = page_by_page(
            settings,
            _wanted(topic, reason, since, until, text),
            lambda some: desk.replay_all(settings, some, by=_who(), note=note, force=force),
        )
    tell(outcome, as_json)


@app.command()
def drop(
    ids: Ids = None, every: Every = False, topic: Topic = None, reason: Reason = None,
    since: Since = None, until: Until = None, text: Text = None, note: Note = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Let dead letters be: they are not listed as open any more.

    Example: preferstream dlq drop --every --reason not_json --note "a broken test client"
    """
    settings = _settings()
    _check_chosen(ids, every)
    if ids:
        outcome = one_by_one(ids, lambda one: desk.drop(settings, one, by=_who(), note=note))
    else:
        outcome = page_by_page(
            settings,
            _wanted(topic, reason, since, until, text),
            lambda some: desk.drop_all(settings, some, by=_who(), note=note),
        )
    tell(outcome, as_json)


def _check_chosen(ids: list[str] | None, every: bool) -> None:
    if bool(ids) == every:
        wrong_use("name the ids of dead letters, or say --every with what to choose them by")


def _settings() -> MessagingSettings:
    return messaging_settings(connect())


def _wanted(
    topic: str | None, reason: str | None, since: str | None, until: str | None,
    text: str | None, *, resolved: bool = False,
) -> DeadLetterFilter:  # fmt: skip
    names = [one.name for one in CONSUMED]
    if topic is not None and topic not in names:
        wrong_use(f"{topic} has no dead letters; take one of {', '.join(names)}")
    return DeadLetterFilter(topic, reason, moment(since), moment(until), text, resolved)


def _mended(source: str | None) -> bytes | None:
    if source is None:
        return None
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        wrong_use(f"{source} cannot be read: {error.strerror}")


def _who() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
