"""`preferstream dlq`: list, show, replay and drop dead letters."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import (
    print_block,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.output.dead_letter_output import (
    letters_table,
    parse_time,
    print_outcome,
    resolve_ids,
    resolve_matching,
    run_or_fail,
    state,
)
from services.cli.output.wrapping import Id
from shared import dead_letters
from shared.dead_letters import DeadLetterFilter
from shared.events.topics import CONSUMED
from shared.messaging.client.settings import MessagingSettings

app = typer.Typer(
    help="Dead letters (events that could not be processed): list, show, replay, drop.",
    no_args_is_help=True,
)

Ids = Annotated[list[str] | None, typer.Argument(help="Ids from `dlq list`.")]
Topic = Annotated[str | None, typer.Option(help="Only dead letters of this topic.")]
Reason = Annotated[str | None, typer.Option(help="Only dead letters with this reason.")]
Since = Annotated[str | None, typer.Option(help="Not older than: 30m, 2h, 3d or RFC 3339.")]
Until = Annotated[str | None, typer.Option(help="Not newer than: 30m, 2h, 3d or RFC 3339.")]
Text = Annotated[str | None, typer.Option(help="Only dead letters that contain this text.")]
All = Annotated[
    bool, typer.Option("--all", help="All open dead letters that match the other options.")
]
Note = Annotated[str | None, typer.Option(help="Reason, stored for later readers.")]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON.")]


@app.command("list")
def list_(
    topic: Topic = None, reason: Reason = None, since: Since = None, until: Until = None,
    text: Text = None,
    resolved: Annotated[
        bool, typer.Option("--include-resolved", help="Also replayed and dropped dead letters.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Dead letters per page.")] = 50,
    after: Annotated[
        str | None, typer.Option(help="Next page: the value that the previous page printed.")
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """List open dead letters, newest first.

    Example: preferstream dlq list --topic feedback.v1 --since 2h
    """
    wanted = _filter(topic, reason, since, until, text, resolved=resolved)
    page = run_or_fail(
        dead_letters.find_dead_letters(_settings(), wanted, after=after, limit=limit)
    )
    if as_json:
        letters = [letter.as_dict() for letter in page.letters]
        print_json({"letters": letters, "next": page.next})
        return
    if page.letters:
        print_rows(letters_table(page.letters))
    else:
        scanned = f"no matching dead letters in the first {page.scanned}"
        print_line(scanned if page.next else "no dead letters")
    if page.next:
        print_progress(f"there may be more: --after {page.next}")


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="Id from `dlq list`.")],
    as_json: Json = False,
) -> None:
    """Show one dead letter: its reason, headers and value.

    Example: preferstream dlq show feedback.v1.dlq/0/17
    """
    letter = run_or_fail(dead_letters.get_dead_letter(_settings(), letter_id))
    fields = letter.as_dict()
    if as_json:
        print_json(fields)
        return
    for name in ("id", "reason", "detail", "source", "attempts", "set_aside_at", "replayed_from"):
        if fields[name] is not None:
            value = str(fields[name])
            print_line(
                (f"{name.replace('_', ' ')}: ", "bold"), value if name == "detail" else Id(value)
            )
    print_line(("state: ", "bold"), state(letter))
    print_line(("key: ", "bold"), Id(fields["key"]))
    for name, value in fields["headers"].items():
        print_line(Id(f"{name}: {value}"))
    print_line(("value:", "bold"))
    print_block(fields["value"] or fields.get("value_base64") or "(none)")


@app.command()
def replay(
    ids: Ids = None,
    value: Annotated[
        str | None, typer.Option(help="File with a corrected value, or - for standard input.")
    ] = None,
    all_matching: All = False, topic: Topic = None, reason: Reason = None, since: Since = None,
    until: Until = None, text: Text = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also if it was replayed or dropped before.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also if it will become a dead letter again.")
    ] = False,
    note: Note = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Send dead letters to their topics again, unchanged or with a corrected value.

    Example: preferstream dlq replay feedback.v1.dlq/0/17 --value corrected.json
    """
    if value is not None and (all_matching or len(ids or ()) != 1):
        wrong_use("--value needs the id of exactly one dead letter, and does not work with --all")
    corrected = _read_value(value)
    settings = _settings()
    _check_selection(ids, all_matching)
    if ids:
        outcome = resolve_ids(
            ids,
            lambda letter_id: dead_letters.replay(
                settings, letter_id, value=corrected, by=_user_name(), note=note, again=again,
                force=force,
            ),
        )  # fmt: skip
    else:
        outcome = resolve_matching(
            settings,
            _filter(topic, reason, since, until, text),
            lambda letters: dead_letters.replay_all(
                settings, letters, by=_user_name(), note=note, force=force
            ),
        )
    print_outcome(outcome, as_json)


@app.command()
def drop(
    ids: Ids = None, all_matching: All = False, topic: Topic = None, reason: Reason = None,
    since: Since = None, until: Until = None, text: Text = None, note: Note = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Close dead letters without a replay: they are not listed as open any more.

    Example: preferstream dlq drop --all --reason not_json --note "a broken test client"
    """
    settings = _settings()
    _check_selection(ids, all_matching)
    if ids:
        outcome = resolve_ids(
            ids,
            lambda letter_id: dead_letters.drop(settings, letter_id, by=_user_name(), note=note),
        )
    else:
        outcome = resolve_matching(
            settings,
            _filter(topic, reason, since, until, text),
            lambda letters: dead_letters.drop_all(settings, letters, by=_user_name(), note=note),
        )
    print_outcome(outcome, as_json)


def _check_selection(ids: list[str] | None, all_matching: bool) -> None:
    if bool(ids) == all_matching:
        wrong_use("name the ids of dead letters, or use --all with filters such as --reason")


def _settings() -> MessagingSettings:
    return messaging_settings(connect())


def _filter(
    topic: str | None, reason: str | None, since: str | None, until: str | None,
    text: str | None, *, resolved: bool = False,
) -> DeadLetterFilter:  # fmt: skip
    names = [consumed.name for consumed in CONSUMED]
    if topic is not None and topic not in names:
        wrong_use(f"{topic} has no dead letters; choose one of {', '.join(names)}")
    return DeadLetterFilter(topic, reason, parse_time(since), parse_time(until), text, resolved)


def _read_value(source: str | None) -> bytes | None:
    if source is None:
        return None
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        wrong_use(f"{source} cannot be read: {error.strerror}")


def _user_name() -> str | None:
    """Name of the operator, stored with the resolution."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
