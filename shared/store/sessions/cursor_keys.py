"""Keep the secret keys that sign cursors: the one of the settings, or one from the store."""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.requests.page_cursor import BadCursor, CursorSigner, PageCursor
from shared.domain.user import User
from shared.store.qdrant import ensure_collection, qdrant_errors

log = logging.getLogger(__name__)
COLLECTION: Final = "cursor_keys"
KEY_BYTES: Final = 32
READ_AGAIN_SECONDS: Final = 5.0
"""Shortest time between two reads of the keys because of a cursor that none of them has signed."""


class Cursors:
    """Writes and reads cursors with the key that all instances share.

    Without a key in the settings, the first instance stores one. When two instances start together,
    each may store one: both are valid, and both instances sign with the same one. Raises
    `Unavailable` when the store does not answer.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        key: SecretStr | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._is_set = key is not None
        self._signer = CursorSigner([key.get_secret_value()]) if key else None
        self._read_at = 0.0

    async def prepare(self) -> None:
        """Create the collection and a key where there is none; safe to repeat."""
        if self._is_set:
            return
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)
        if not await self._keys():
            point = PointStruct(
                id=str(uuid4()), vector={}, payload={"key": secrets.token_urlsafe(KEY_BYTES)}
            )
            with qdrant_errors():
                await self._client.upsert(COLLECTION, [point], wait=True)
        await self._read_keys()

    async def write(self, cursor: PageCursor, user: User) -> str:
        """The cursor as a text for this user alone."""
        return (await self._opened()).write(cursor, user)

    async def read(self, text: str, user: User, *, now: datetime) -> PageCursor:
        """The cursor of a text; raises `BadCursor`."""
        signer = await self._opened()
        try:
            return signer.read(text, user, now=now)
        except BadCursor:
            if self._is_set or self._monotonic() - self._read_at < READ_AGAIN_SECONDS:
                raise
        # Another instance may have stored a key after the start of this one.
        return (await self._read_keys()).read(text, user, now=now)

    async def _opened(self) -> CursorSigner:
        return self._signer or await self._read_keys()

    async def _read_keys(self) -> CursorSigner:
        self._read_at = self._monotonic()
        self._signer = CursorSigner(await self._keys())
        return self._signer

    async def _keys(self) -> list[str]:
        with qdrant_errors():
            points, _ = await self._client.scroll(COLLECTION, limit=100)
        return [(point.payload or {})["key"] for point in sorted(points, key=lambda p: str(p.id))]
