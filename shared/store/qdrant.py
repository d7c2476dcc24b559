"""Open Qdrant, create missing collections, and translate its errors into `Unavailable`."""

import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import ApiException
from qdrant_client.http.models import (
    Distance,
    OptimizersConfigDiff,
    PayloadSchemaType,
    ScalarQuantization,
    TurboQuantization,
    VectorParams,
)

from shared.domain.errors import Unavailable
from shared.files.writable_folder import UnusableFolder, prepare_folder
from shared.settings import InvalidSettings
from shared.store.edge.client import EdgeQdrant
from shared.store.edge.errors import EngineError, FolderInUse
from shared.store.settings import StoreSettings

VectorSizes = Mapping[str, int]
"""Dimension of each named vector of a collection; empty for a collection of payloads only."""
NO_OTHERS: Final[Mapping[str, VectorParams]] = {}


def open_qdrant(settings: StoreSettings) -> AsyncQdrantClient:
    """Connect to the server or open the folder; raises `Unavailable` and `InvalidSettings`."""
    if settings.qdrant_url:
        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        timeout = max(1, round(settings.qdrant_timeout_seconds))
        # The compatibility check starts a thread that reads the server's version and only warns.
        options: dict[str, Any] = {"api_key": key, "timeout": timeout, "check_compatibility": False}
        if settings.qdrant_ca is not None:
            options["verify"] = ssl_context(settings.qdrant_ca)
        return AsyncQdrantClient(url=settings.qdrant_url, **options)
    path = settings.qdrant_path
    try:
        prepare_folder(path, advice="set PREFERSTREAM_QDRANT_PATH to another folder")
        return EdgeQdrant(path)
    except UnusableFolder as error:
        raise Unavailable("qdrant", str(error)) from error
    except FolderInUse as error:
        raise Unavailable(
            "qdrant",
            f"cannot open the folder {path}: {error}. The embedded Qdrant serves one process; set"
            " PREFERSTREAM_QDRANT_URL to use a server for several",
        ) from error
    except (EngineError, OSError) as error:
        raise Unavailable("qdrant", f"cannot open the folder {path}: {error}") from error


def ssl_context(authorities: Path) -> ssl.SSLContext:
    """TLS that trusts only these certificate authorities; raises `InvalidSettings`."""
    try:
        return ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSettings(
            f"PREFERSTREAM_QDRANT_CA: {authorities} is not a file of PEM certificates: {error}"
        ) from error


async def ensure_collection(
    client: AsyncQdrantClient,
    name: str,
    sizes: VectorSizes,
    *,
    on_disk: bool,
    others: Mapping[str, VectorParams] = NO_OTHERS,
    quantization: ScalarQuantization | TurboQuantization | None = None,
    optimizers: OptimizersConfigDiff | None = None,
) -> None:
    """Create a collection if it is missing; safe to repeat.

    The vectors of `sizes` are compared by their cosine; `others` have parameters of their own.
    """
    with qdrant_errors():
        if await client.collection_exists(name):
            return
        vectors = {
            vector: VectorParams(size=size, distance=Distance.COSINE, on_disk=on_disk)
            for vector, size in sizes.items()
        }
        try:
            await client.create_collection(
                name,
                vectors_config={**vectors, **others},
                quantization_config=quantization,
                optimizers_config=optimizers,
            )
        except ApiException:
            # Another instance may have created it in the meantime.
            if not await client.collection_exists(name):
                raise


USER_FIELDS: Final = ("tenant", "user_id")
"""Payload fields by which a user's points are found and counted."""


async def index_payload(
    client: AsyncQdrantClient, name: str, fields: Sequence[str] = USER_FIELDS
) -> None:
    """Create payload indexes on these fields, so that a filter does not read every payload.

    Safe to repeat. The client's local mode, which tests use in memory, has no indexes and warns.
    """
    with qdrant_errors(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for field in fields:
            await client.create_payload_index(
                name, field_name=field, field_schema=PayloadSchemaType.KEYWORD
            )


@contextmanager
def qdrant_errors() -> Iterator[None]:
    """Raise `Unavailable` in place of Qdrant's errors."""
    try:
        yield
    except EngineError as error:
        raise Unavailable("qdrant", f"the embedded Qdrant cannot answer: {error}") from error
    except (ApiException, httpx.HTTPError, OSError) as error:
        raise Unavailable(
            "qdrant", f"Qdrant does not answer: {type(error).__name__}: {str(error)[:300]}"
        ) from error
