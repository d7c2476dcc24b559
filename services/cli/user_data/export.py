"""Gather what is kept of one person beyond Kafka: the stored profile, and the rows of the lake."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.retrain.app import lake_erasure
from services.retrain.config import RetrainSettings
from services.retrain.lake.erased_users import UserKey
from services.retrain.lake.table import LakeBroken
from shared.domain.errors import Unavailable
from shared.embedding.minilm import NAME
from shared.store.profiles import QdrantProfiles
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings

SECONDS = 120.0
"""A dashboard looks through Kafka for an export, and may take a minute."""


@dataclass
class StoredUserData:
    """What was found, and which store could not be asked, with the reason."""

    stored: dict[str, Any] | None = None
    """The profile with its references, corrections and evidence."""
    lake: dict[str, list[str]] = field(default_factory=dict)
    """By table, the events as they were collected."""
    not_searched: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.stored is not None or any(self.lake.values())


def read_stored_user_data(
    person: UserKey, *, store: StoreSettings, lake: RetrainSettings, dashboard: str | None
) -> StoredUserData:
    """The embedded store serves one process, so that its dashboard is asked instead."""
    kept = StoredUserData()
    try:
        kept.lake = lake_erasure(lake).rows(person)
    except (Unavailable, LakeBroken) as error:
        kept.not_searched[f"lake {lake.lake_uri}"] = str(error)
    try:
        if store.qdrant_url:
            kept.stored = asyncio.run(_from_server(store, person))
        elif dashboard is not None:
            kept.stored = _from_dashboard(dashboard, person)
        else:
            kept.not_searched["Qdrant"] = (
                "the embedded store is read by the running system alone; name a server in"
                " PREFERSTREAM_QDRANT_URL"
            )
    except Unavailable as error:
        kept.not_searched["Qdrant"] = error.detail
    return kept


async def _from_server(store: StoreSettings, person: UserKey) -> dict[str, Any] | None:
    client = open_qdrant(store)
    try:
        found = await QdrantProfiles(client, embedder=NAME).get(tenant=person[0], user_id=person[1])
    finally:
        await client.close()
    return found.model_dump(mode="json") if found else None


def _from_dashboard(address: str, person: UserKey) -> dict[str, Any] | None:
    asked = {"tenant": person[0], "user": person[1]}
    try:
        answer = httpx.get(f"{address}/user/export", params=asked, timeout=SECONDS)
    except httpx.HTTPError as error:
        raise Unavailable("dashboard", f"{address}: {type(error).__name__}: {error}") from error
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    if answer.status_code != httpx.codes.OK:
        told = f"{address} answers {answer.status_code}; export the person there, signed in"
        raise Unavailable("dashboard", told)
    found: dict[str, Any] | None = answer.json()["profile"]
    return found
