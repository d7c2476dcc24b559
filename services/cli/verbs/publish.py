"""`preferstream publish`: send candidates from files, folders, URIs or JSON lines."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from services.cli.connection import connect, messaging_settings
from services.cli.inputs import NoImages, candidates, event_from_line
from services.cli.output import tables
from services.cli.output.console import (
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from shared.client import Client, request
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import ImageCandidates, RankedFeed
from shared.events.types.candidates import MAX_CANDIDATES, ExplainOption
from shared.messaging.client.connection import Kafka


def publish(
    images: Annotated[
        list[str] | None, typer.Argument(help="Image files, folders of images, or URIs.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Id of the user; with --json-lines, for lines without one.")
    ] = None,
    json_lines: Annotated[
        Path | None,
        typer.Option(help="File with one candidate event per line; - for standard input."),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(min=1, max=MAX_CANDIDATES, help="Number of images in the feed.")
    ] = None,
    explain: Annotated[
        str, typer.Option(help="Images with a rationale: none, top or all.")
    ] = "top",
    deadline_ms: Annotated[
        int | None, typer.Option(min=1, help="Deadline of the answer in milliseconds.")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Timeout for the feeds in seconds; 0: do not wait.")
    ] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print feeds as JSON lines.")] = False,
) -> None:
    """Send candidates and show the feed that answers.

    Example: preferstream publish --user ada pictures/
    """
    if (json_lines is None) == (not images):
        wrong_use("name image files, folders or URIs, or a file with --json-lines (not both)")
    system = connect()
    if json_lines is not None:
        events = _events_from_lines(json_lines, user=user)
    else:
        if user is None:
            wrong_use("name the user of the feed with --user")
        events = [
            _request(
                images or [], system.allowed_file_roots, user=user, top_k=top_k,
                explain=explain, deadline_ms=deadline_ms,
            )
        ]  # fmt: skip
    try:
        unanswered = _send_and_wait(messaging_settings(system), events, wait=wait, as_json=as_json)
    except Unavailable as error:
        fail(error.detail)
    if unanswered and wait:
        fail(
            f"{unanswered} of {len(events)} requests were not answered within {wait:g} s."
            " Check with `preferstream doctor` that the assessor runs. Later answers are shown by"
            " `preferstream feed --follow`"
        )


def _request(
    names: list[str], roots: tuple[str, ...], *, user: str, top_k: int | None, explain: str,
    deadline_ms: int | None,
) -> ImageCandidates:  # fmt: skip
    if explain not in ("none", "top", "all"):
        wrong_use(f"--explain must be none, top or all, not {explain}")
    choice: ExplainOption = explain  # type: ignore[assignment]  # checked on the line above
    try:
        return request(
            user, candidates(names, roots=roots), top_k=top_k, explain=choice,
            deadline_ms=deadline_ms,
        )  # fmt: skip
    except NoImages as error:
        wrong_use(str(error))
    except ValidationError as error:
        problem = error.errors()[0]
        wrong_use(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}")


def _events_from_lines(path: Path, *, user: str | None) -> list[ImageCandidates]:
    try:
        lines = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).splitlines()
    except OSError as error:
        wrong_use(f"{path} cannot be read: {error.strerror}")
    events = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            events.append(event_from_line(line, user=user, clock=system_clock))
        except Unprocessable as error:
            fail(f"line {number} of {path} is not a candidate event: {error.detail}")
    if not events:
        wrong_use(f"{path} contains no events")
    return events


def _send_and_wait(
    kafka: Kafka, events: list[ImageCandidates], *, wait: float, as_json: bool
) -> int:
    """Return the number of requests without a feed."""
    unanswered = len({(event.request_key, event.request_hash()) for event in events})
    with Client(kafka) as app:
        if not wait:
            app.send(*events)
        print_progress(
            f"sending {len(events)} request(s), {sum(len(e.candidates) for e in events)} candidates"
        )
        for feed in app.answers(events, seconds=wait) if wait else ():
            unanswered -= 1
            show_feed(feed, as_json=as_json)
    return unanswered


def show_feed(feed: RankedFeed, *, as_json: bool) -> None:
    """Print one feed as a table with rationales, or as one line of JSON."""
    if as_json:
        print_json(feed.model_dump(mode="json"))
        return
    print_rows(tables.feed_table(feed))
    if feed.degraded_reason:
        print_line(f"degraded: {feed.degraded_reason}")
    for line in (*tables.rationale_lines(feed), *tables.rejected_lines(feed)):
        print_line(*line)
