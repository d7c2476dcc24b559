"""`preferstream publish`: send candidates from files, folders, URIs or JSON lines."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from services.cli.connection import ConnectionSettings, connect, messaging_settings
from services.cli.files.inputs import NoImages, candidates, event_from_line
from services.cli.output import tables
from services.cli.output.console import (
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.output.counts import count
from services.cli.program.interruption import interruptible
from services.cli.publishing.batch_ids import Batch, batch
from services.cli.publishing.progress import CountingClient, Progress
from shared.client import request
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.requests.request_key import RequestKey
from shared.events import DEFAULT_TENANT, ImageCandidates, RankedFeed
from shared.events.types.candidates import MAX_CANDIDATES, ExplainOption
from shared.messaging.client.connection import Kafka
from shared.settings import from_environment

NEW_FIELDS = {"event_id", "request_id", "occurred_at"}
"""Fields of a request that differ from run to run."""


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
    tenant: Annotated[
        str | None, typer.Option(help="Tenant of the user; with --json-lines, in the lines.")
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
    if json_lines is not None and tenant is not None:
        wrong_use("name the tenant in the field `tenant` of each line; leave out --tenant")
    settings = from_environment(ConnectionSettings)
    system = connect()
    progress = Progress()
    with interruptible(progress.sentence):
        if json_lines is not None:
            content = _read(json_lines)
            parts = [b"lines", content, (user or "").encode("utf-8", "replace")]
        else:
            if user is None:
                wrong_use("name the user of the feed with --user")
            event = _request(
                images or [], system.allowed_file_roots, user=user, top_k=top_k,
                explain=explain, deadline_ms=deadline_ms, tenant=tenant or DEFAULT_TENANT,
            )  # fmt: skip
            parts = [b"images", event.model_dump_json(exclude=NEW_FIELDS).encode()]
        parts.append((settings.kafka_bootstrap_servers or "").encode())
        try:
            with batch(settings.data_dir, *parts) as current:
                if current.is_repeated:
                    print_progress("continuing an earlier run of this command, which was stopped")
                if json_lines is not None:
                    events = _events_from_lines(json_lines, content, user=user, current=current)
                else:
                    ids = {name: current.id_of(name) for name in ("event_id", "request_id")}
                    events = [event.model_copy(update={**ids, "event_id": UUID(ids["event_id"])})]
                progress.events = len(events)
                unanswered = _send_and_wait(
                    messaging_settings(system), events, progress, wait=wait, as_json=as_json,
                    resend=current.was_sent_before(event.request_id for event in events),
                )  # fmt: skip
        except (Unavailable, Unprocessable) as error:
            fail(f"{error.detail}. {progress.sentence()}" if progress.events else error.detail)
    if unanswered and wait:
        fail(
            f"{len(unanswered)} of {len(events)} requests were not answered within {wait:g} s."
            " Check with `preferstream doctor` that the assessor runs. Later answers are shown by"
            " `preferstream feed --follow`"
        )


def _request(
    names: list[str], roots: tuple[str, ...], *, user: str, top_k: int | None, explain: str,
    deadline_ms: int | None, tenant: str,
) -> ImageCandidates:  # fmt: skip
    if explain not in ("none", "top", "all"):
        wrong_use(f"--explain must be none, top or all, not {explain}")
    choice: ExplainOption = explain  # type: ignore[assignment]  # checked on the line above
    try:
        return request(
            user, candidates(names, roots=roots), top_k=top_k, explain=choice,
            deadline_ms=deadline_ms, tenant=tenant,
        )  # fmt: skip
    except NoImages as error:
        wrong_use(str(error))
    except ValidationError as error:
        problem = error.errors()[0]
        wrong_use(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}")


def _read(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        wrong_use(f"{path} cannot be read: {error.strerror}")


def _events_from_lines(
    path: Path, content: bytes, *, user: str | None, current: Batch
) -> list[ImageCandidates]:
    events = []
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue

        def new_id(field: str, number: int = number) -> str:
            return current.id_of(f"{field} {number}")

        try:
            events.append(event_from_line(line, user=user, clock=system_clock, new_id=new_id))
        except Unprocessable as error:
            fail(f"line {number} of {path} is not a candidate event: {error.detail}")
    if not events:
        wrong_use(f"{path} contains no events")
    return events


def _send_and_wait(
    kafka: Kafka,
    events: list[ImageCandidates],
    progress: Progress,
    *,
    wait: float,
    as_json: bool,
    resend: bool,
) -> set[RequestKey]:
    """Send the events and print their feeds; returns the requests without a feed."""
    unanswered = {event.request_key for event in events}
    candidates_sent = sum(len(event.candidates) for event in events)
    with CountingClient(kafka, progress) as app:
        print_progress(
            f"sending {count(len(events), 'request')}, {count(candidates_sent, 'candidate')}"
        )
        if not wait:
            app.send(*events)
        for feed in app.answers(events, seconds=wait, resend=resend) if wait else ():
            unanswered.discard(feed.request_key)
            progress.answered += 1
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
    for line in (
        *tables.evidence_lines(feed),
        *tables.rationale_lines(feed),
        *tables.rejected_lines(feed),
    ):
        print_line(*line)
