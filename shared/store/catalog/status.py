"""Store how far the indexing of the catalog is, so that other processes can show it."""

from collections.abc import Mapping
from typing import Final

from pydantic import AwareDatetime
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.ids import derived_id
from shared.domain.taste import Value
from shared.store.qdrant import ensure_collection, qdrant_errors

COLLECTION: Final = "catalog_status"
MAX_SPACES: Final = 100
"""Statuses that are read: one for each vector space that was ever indexed."""


class TenantProgress(Value):
    """How many images of one tenant are indexed, wait and have failed."""

    indexed: int = 0
    """Images in the answers to queries; a share of them may wait for a newer description."""
    waiting: int = 0
    failed: Mapping[str, int] = {}
    """Images that wait for a new publication, by the reason of their failure."""

    @property
    def total(self) -> int:
        return self.indexed + self.waiting + sum(self.failed.values())


class Reindexing(Value):
    """The collection of another encoder is filled, while the old one serves."""

    serving: str
    """Name of the collection that serves meanwhile."""
    copied: bool
    """Whether all images of the old collection are in the new one."""
    share: float
    """Share of the images of the new collection that need no more work, 0-1."""


class IndexingStatus(Value):
    """How far the indexing of one vector space is; written every few seconds while it changes."""

    collection: str
    """Name of the collection that is indexed."""
    model_version: str
    """The model that describes the images."""
    updated_at: AwareDatetime
    tenants: Mapping[str, TenantProgress] = {}
    outdated: int = 0
    """Indexed images that wait for the description of a newer model, or for a changed address."""
    retrying: Mapping[str, int] = {}
    """Waiting images whose host or store did not answer, by the part that did not."""
    problem: str | None = None
    """Why nothing is indexed at present, for a person; None while all is well."""
    reindexing: Reindexing | None = None
    restoring: bool = False
    """Whether the images of the topic are being published to an empty catalog."""

    @property
    def total(self) -> TenantProgress:
        """The progress of all tenants together."""
        failed: dict[str, int] = {}
        for progress in self.tenants.values():
            for reason, count in progress.failed.items():
                failed[reason] = failed.get(reason, 0) + count
        return TenantProgress(
            indexed=sum(progress.indexed for progress in self.tenants.values()),
            waiting=sum(progress.waiting for progress in self.tenants.values()),
            failed=failed,
        )

    def of(self, tenant: str) -> TenantProgress:
        """The progress of one tenant."""
        return self.tenants.get(tenant, TenantProgress())


class QdrantIndexingStatuses:
    """The latest status of each vector space. Raises `Unavailable`."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def put(self, status: IndexingStatus) -> None:
        """Replace the status of its collection."""
        point = PointStruct(
            id=str(derived_id("catalog-status", status.collection)),
            vector={},
            payload=status.model_dump(mode="json"),
        )
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)
        with qdrant_errors():
            await self._client.upsert(COLLECTION, [point], wait=True)

    async def read(self) -> list[IndexingStatus]:
        """All statuses, the latest first; empty before the indexing has ever run."""
        with qdrant_errors():
            if not await self._client.collection_exists(COLLECTION):
                return []
            points, _ = await self._client.scroll(COLLECTION, limit=MAX_SPACES, with_payload=True)
        statuses = [IndexingStatus.model_validate(point.payload) for point in points]
        return sorted(statuses, key=lambda status: status.updated_at, reverse=True)
