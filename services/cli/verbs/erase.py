"""`preferstream erase`: forget a user everywhere, wait for receipts, and search what is left."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import fail, out, print_json, say, wrong_use
from services.cli.paths import lake_settings
from services.cli.user_data.erasure_report import RetainedRecords, SearchResult
from services.retrain.config import RetrainSettings
from services.retrain.jobs.settings import JobSettings
from shared.client import Client
from shared.domain.errors import Unavailable
from shared.events import DEFAULT_TENANT, UserErased
from shared.events.types.erase import ERASING_SERVICES
from shared.messaging.client.connection import Kafka
from shared.settings import from_environment
from shared.store.settings import StoreSettings

PAUSE_SECONDS = 2.0
"""Between two looks: what was in work when the erasure came is removed within seconds."""


def erase(
    user: Annotated[str, typer.Argument(help="Who asks to be forgotten.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Search every store; exit 1 if anything is found.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why, kept with the request.")] = None,
    tenant: Annotated[str, typer.Option(help="Of which tenant.")] = DEFAULT_TENANT,
    seconds: Annotated[float, typer.Option(min=0, help="How long to wait in all.")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
) -> None:
    """Forget a user: profile, views, caches, compacted topics, lake and nights.

    Example: preferstream erase ada --verify
    """
    kafka = messaging_settings(connect())
    end = time.monotonic() + seconds
    try:
        receipts = _receipts(kafka, user, tenant, reason, seconds)
        missing = sorted(set(ERASING_SERVICES) - receipts.keys())
        found: list[SearchResult] = []
        kept: list[RetainedRecords] = []
        if verify and not missing:
            # Here, not above: Delta and Qdrant are seconds that only this should pay.
            from services.cli.user_data.erasure_search import DataLocations, retained, searched

            where = DataLocations(kafka, *_places())
            found = _found(receipts, searched(where, (tenant, user)))
            while not all(one.is_clean for one in found) and time.monotonic() < end:
                say("something was still in work; looking again")
                time.sleep(PAUSE_SECONDS)
                receipts |= _receipts(
                    kafka, user, tenant, reason, max(end - time.monotonic(), PAUSE_SECONDS)
                )
                found = _found(receipts, searched(where, (tenant, user)))
            kept = retained(kafka, (tenant, user))
    except Unavailable as error:
        fail(error.detail)
    dirty = [one for one in found if not one.is_clean]
    if as_json:
        print_json(_plain(user, tenant, receipts, found, kept, verified=verify and not missing))
    else:
        _tell(user, receipts, found, kept)
    if missing:
        fail(
            f"no receipt came from {', '.join(missing)} within {seconds:g} s; the request stands"
            " in Kafka, and they answer once they run (`preferstream doctor`)"
        )
    if dirty:
        fail(
            f"{user} is still found in: "
            + "; ".join(f"{one.store} ({one.note or one.found})" for one in dirty)
        )


def _receipts(
    kafka: Kafka, user: str, tenant: str, reason: str | None, seconds: float
) -> dict[str, UserErased]:
    with Client(kafka, tenant=tenant) as client:
        try:
            return client.erase(user, reason=reason, seconds=seconds)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            wrong_use(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}")


def _places() -> tuple[RetrainSettings, Path, StoreSettings]:
    """Where this system keeps its lake, its nights and its profiles."""
    nights = from_environment(JobSettings).jobs_dir
    return lake_settings(), nights, from_environment(StoreSettings)


def _found(receipts: Mapping[str, UserErased], own: list[SearchResult]) -> list[SearchResult]:
    """What the services' own searches found, and what ours did."""
    told = []
    for service, receipt in sorted(receipts.items()):
        if not receipt.remaining:
            told.append(SearchResult(f"{service}", None, "the service has not searched"))
        for store, count in receipt.remaining.items():
            told.append(SearchResult(f"{service}: {store}", count))
    return told + own


def _plain(
    user: str,
    tenant: str,
    receipts: Mapping[str, UserErased],
    found: list[SearchResult],
    kept: list[RetainedRecords],
    *,
    verified: bool,
) -> dict[str, Any]:
    return {
        "user_id": user,
        "tenant": tenant,
        "removed": {service: receipt.removed for service, receipt in receipts.items()},
        "found": {one.store: one.found for one in found} if verified else None,
        "nothing_found": all(one.is_clean for one in found) if verified else None,
        "retained": [
            {"topic": one.topic, "records": one.records, "until": one.until.isoformat()}
            for one in kept
        ],
    }


def _tell(
    user: str,
    receipts: Mapping[str, UserErased],
    found: list[SearchResult],
    kept: list[RetainedRecords],
) -> None:
    table = Table("service", "removed", title=f"{user}: receipts", title_justify="left")
    for service, receipt in sorted(receipts.items()):
        counts = ", ".join(f"{count} {what}" for what, count in receipt.removed.items() if count)
        table.add_row(service, counts or "nothing was there")
    out.print(table)
    if found and all(one.is_clean for one in found):
        out.print(f"{len(found)} stores were searched, and hold nothing of {user}.", markup=False)
    if kept:
        logs = Table(
            "topic", "records", "at the latest until",
            title="Kafka's logs keep what was written until their time is over; no service takes it"
            " in again",
            title_justify="left",
        )  # fmt: skip
        for one in kept:
            logs.add_row(one.topic, str(one.records), f"{one.until:%Y-%m-%d %H:%M} UTC")
        out.print(logs)
        say("Kafka removes whole segments: up to a week later where little is written")
