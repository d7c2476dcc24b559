"""`preferstream erase`: erase a user everywhere, wait for receipts, and search for leftovers."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from services.cli.connection import connect, messaging_settings
from services.cli.files.paths import lake_settings
from services.cli.output.console import (
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from services.cli.user_data.erasure_report import RetainedRecords, SearchResult
from services.retrain.config import RetrainSettings
from services.retrain.jobs.settings import JobSettings
from shared.client import Client
from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.events import DEFAULT_TENANT, UserErased
from shared.events.types.erase import ERASING_SERVICES
from shared.messaging.client.connection import Kafka
from shared.settings import from_environment
from shared.store.settings import StoreSettings

PAUSE_SECONDS = 2.0
"""Between two searches: events in progress during the erasure are removed within seconds."""

INTERRUPTED = (
    "stopped before all services had answered; a request that was sent is finished nevertheless,"
    " and the same command shows the receipts"
)


def erase(
    user: Annotated[str, typer.Argument(help="Id of the user to erase.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Search every store; exit code 1 if data is left.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Reason, stored with the request.")] = None,
    tenant: Annotated[str, typer.Option(help="Tenant of the user.")] = DEFAULT_TENANT,
    seconds: Annotated[float, typer.Option(min=0, help="Timeout in seconds.")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Erase a user: profile, impressions, caches, compacted topics, lake and training jobs.

    Example: preferstream erase ada --verify
    """
    kafka = messaging_settings(connect())
    end = time.monotonic() + seconds
    try:
        with interruptible(lambda: f"{user}: {INTERRUPTED}"):
            receipts = _receipts(kafka, user, tenant, reason, seconds)
            missing = sorted(set(ERASING_SERVICES) - receipts.keys())
            results: list[SearchResult] = []
            retained: list[RetainedRecords] = []
            if verify and not missing:
                # Imported here: Delta and Qdrant take seconds, and only --verify needs them.
                from services.cli.user_data.erasure_search import (
                    DataLocations,
                    retained_records,
                    search_stores,
                )

                locations = DataLocations(kafka, *_data_locations())
                results = _all_results(receipts, search_stores(locations, User(tenant, user)))
                while not all(result.is_clean for result in results) and time.monotonic() < end:
                    print_progress("data is still being removed; searching again")
                    time.sleep(PAUSE_SECONDS)
                    receipts |= _receipts(
                        kafka, user, tenant, reason, max(end - time.monotonic(), PAUSE_SECONDS)
                    )
                    results = _all_results(receipts, search_stores(locations, User(tenant, user)))
                retained = retained_records(kafka, User(tenant, user))
    except Unavailable as error:
        fail(error.detail)
    if as_json:
        verified = verify and not missing
        print_json(_as_dict(user, tenant, receipts, results, retained, verified=verified))
    else:
        _print_report(user, receipts, results, retained)
    if missing:
        fail(
            f"no receipt came from {', '.join(missing)} within {seconds:g} s. The request stays in"
            " Kafka, and these services answer when they run; `preferstream doctor` shows what is"
            " wrong"
        )
    leftovers = [result for result in results if not result.is_clean]
    if leftovers:
        fail(
            f"data of {user} is still in: "
            + "; ".join(f"{result.store} ({result.note or result.count})" for result in leftovers)
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


def _data_locations() -> tuple[RetrainSettings, Path, StoreSettings]:
    """Settings of the lake, folder of the training jobs, settings of the profile store."""
    jobs = from_environment(JobSettings).jobs_dir
    return lake_settings(), jobs, from_environment(StoreSettings)


def _all_results(
    receipts: Mapping[str, UserErased], search: list[SearchResult]
) -> list[SearchResult]:
    """What the services report in their receipts, and what our own search counts."""
    results = []
    for service, receipt in sorted(receipts.items()):
        if not receipt.remaining:
            results.append(SearchResult(service, None, "the service has not searched"))
        for store, count in receipt.remaining.items():
            results.append(SearchResult(f"{service}: {store}", count))
    return results + search


def _as_dict(
    user: str,
    tenant: str,
    receipts: Mapping[str, UserErased],
    results: list[SearchResult],
    retained: list[RetainedRecords],
    *,
    verified: bool,
) -> dict[str, Any]:
    return {
        "user_id": user,
        "tenant": tenant,
        "removed": {service: receipt.removed for service, receipt in receipts.items()},
        "not_searched": {s: list(r.not_searched) for s, r in receipts.items() if r.not_searched},
        "found": {result.store: result.count for result in results} if verified else None,
        "nothing_found": all(result.is_clean for result in results) if verified else None,
        "retained": [
            {"topic": topic.topic, "records": topic.records, "until": topic.until.isoformat()}
            for topic in retained
        ],
    }


def _print_report(
    user: str,
    receipts: Mapping[str, UserErased],
    results: list[SearchResult],
    retained: list[RetainedRecords],
) -> None:
    columns = (Column("service", "id"), Column("removed", "text"))
    rows = [
        (service, _removed(receipt) or "nothing was stored")
        for service, receipt in sorted(receipts.items())
    ]
    print_rows(Listing(columns, rows, title=["Erasure receipts for ", Id(user)]))
    if results and all(result.is_clean for result in results):
        print_line(f"{len(results)} stores were searched: no data of ", Id(user), " is left.")
    for service, receipt in sorted(receipts.items()):
        for place in receipt.not_searched:
            print_line(f"{service} cannot search {place}")
    if retained:
        print_rows(retained_rows(retained))
        print_progress(
            "Kafka removes whole segments, in topics with few records up to a week later"
        )


def _removed(receipt: UserErased) -> str:
    return ", ".join(f"{count} {store}" for store, count in receipt.removed.items() if count)


def retained_rows(retained: list[RetainedRecords]) -> Listing:
    """How many records each topic of Kafka keeps, and until when."""
    return Listing(
        (Column("topic", "id"), Column("records", "number"), Column("kept at most until")),
        [
            (topic.topic, str(topic.records), f"{topic.until:%Y-%m-%d %H:%M} UTC")
            for topic in retained
        ],
        title=["Kafka's logs keep old records until their retention ends; no service reads them"],
    )
