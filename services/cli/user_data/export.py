"""Read what is stored about one user outside Kafka: the profile and the rows of the lake."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.retrain.app import lake_erasure
from services.retrain.config import RetrainSettings
from services.retrain.lake.table import LakeBroken
from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.embedding.minilm import NAME
from shared.store.profiles import QdrantProfiles
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings

TIMEOUT_SECONDS = 120.0
"""For its export, the dashboard reads topics of Kafka, which may take a minute."""


@dataclass
class StoredUserData:
    """Stored data of one user, and the stores that could not be read."""

    stored: dict[str, Any] | None = None
    """The profile with its references, corrections and evidence."""
    lake: dict[str, list[str]] = field(default_factory=dict)
    """The collected events, by table."""
    not_searched: dict[str, str] = field(default_factory=dict)
    """Store and reason."""

    def __bool__(self) -> bool:
        return self.stored is not None or any(self.lake.values())


def read_stored_user_data(
    user: User, *, store: StoreSettings, lake: RetrainSettings, dashboard: str | None
) -> StoredUserData:
    """Read the lake and the profile store.

    Only one process can open the embedded store, so the running system's dashboard is used for it.
    """
    user_data = StoredUserData()
    try:
        user_data.lake = lake_erasure(lake).rows(user)
    except (Unavailable, LakeBroken) as error:
        user_data.not_searched[f"lake {lake.lake_uri}"] = str(error)
    try:
        if store.qdrant_url:
            user_data.stored = asyncio.run(_from_server(store, user))
        elif dashboard is not None:
            user_data.stored = _from_dashboard(dashboard, user)
        else:
            user_data.not_searched["Qdrant"] = (
                "only the running system can read its embedded store, and none is running in this"
                " data folder; start it, or set PREFERSTREAM_QDRANT_URL to a server"
            )
    except Unavailable as error:
        user_data.not_searched["Qdrant"] = error.detail
    return user_data


async def _from_server(store: StoreSettings, user: User) -> dict[str, Any] | None:
    client = open_qdrant(store)
    try:
        profile = await QdrantProfiles(client, embedder=NAME).get(
            tenant=user.tenant, user_id=user.user_id
        )
    finally:
        await client.close()
    return profile.model_dump(mode="json") if profile else None


def _from_dashboard(address: str, user: User) -> dict[str, Any] | None:
    parameters = {"tenant": user.tenant, "user": user.user_id}
    try:
        response = httpx.get(f"{address}/user/export", params=parameters, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise Unavailable("dashboard", f"{address}: {type(error).__name__}: {error}") from error
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    if response.status_code != httpx.codes.OK:
        raise Unavailable(
            "dashboard",
            f"{address} answers with status {response.status_code}; sign in there, then export",
        )
    profile: dict[str, Any] | None = response.json()["profile"]
    return profile
