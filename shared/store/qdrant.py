"""Open Qdrant, make the collections that are missing, and give its failures our two names."""

import sqlite3
import ssl
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import ApiException
from qdrant_client.http.models import Distance, PayloadSchemaType, VectorParams

from shared.domain.errors import Unavailable
from shared.settings import WrongSettings
from shared.store.settings import StoreSettings

VectorSizes = Mapping[str, int]
"""Name of each vector of a collection, and its floats; none for payloads alone."""


def open_qdrant(settings: StoreSettings) -> AsyncQdrantClient:
    """A client of the server or the folder; raises `Unavailable` and `WrongSettings`."""
    if settings.qdrant_url:
        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        timeout = max(1, round(settings.qdrant_timeout_seconds))
        # The check would be a thread that asks for the server's version and can only warn.
        told: dict[str, Any] = {"api_key": key, "timeout": timeout, "check_compatibility": False}
        if settings.qdrant_ca is not None:
            told["verify"] = trusting(settings.qdrant_ca)
        return AsyncQdrantClient(url=settings.qdrant_url, **told)
    path = settings.qdrant_path
    try:
        path.mkdir(parents=True, exist_ok=True)
        return AsyncQdrantClient(path=str(path))
    except (RuntimeError, OSError) as error:
        raise Unavailable(
            "qdrant",
            f"the folder {path} cannot be opened: {error}. Another process may use it: the"
            " embedded Qdrant serves one process, a server (PREFERSTREAM_QDRANT_URL) any number",
        ) from error


def trusting(authorities: Path) -> ssl.SSLContext:
    """TLS that believes these authorities alone; raises `WrongSettings`."""
    try:
        return ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise WrongSettings(
            f"PREFERSTREAM_QDRANT_CA: {authorities} is no file of PEM certificates: {error}"
        ) from error


async def ensure_collection(
    client: AsyncQdrantClient, name: str, sizes: VectorSizes, *, on_disk: bool
) -> None:
    """Create a collection if it is missing; doing it again changes nothing."""
    with translated():
        if await client.collection_exists(name):
            return
        vectors = {
            vector: VectorParams(size=size, distance=Distance.COSINE, on_disk=on_disk)
            for vector, size in sizes.items()
        }
        try:
            await client.create_collection(name, vectors_config=vectors)
        except ApiException:
            # Another instance may have been faster.
            if not await client.collection_exists(name):
                raise


OF_PEOPLE: Final = ("tenant", "user_id")
"""Fields by which points about people are found and counted."""


async def find_by_person(client: AsyncQdrantClient, name: str) -> None:
    """Let a collection be asked by person: without an index every payload would be read.

    Doing it again changes nothing; the embedded Qdrant has no indexes, and warns of it.
    """
    with translated(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for field in OF_PEOPLE:
            await client.create_payload_index(
                name, field_name=field, field_schema=PayloadSchemaType.KEYWORD
            )


@contextmanager
def translated() -> Iterator[None]:
    """Qdrant's failures as `Unavailable`."""
    try:
        yield
    except (ApiException, httpx.HTTPError, sqlite3.Error, OSError) as error:
        raise Unavailable(
            "qdrant", f"Qdrant does not answer: {type(error).__name__}: {str(error)[:300]}"
        ) from error
