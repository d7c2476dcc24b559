"""Show how far the indexing of a tenant's images is, and why images fail."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.pages.catalog.catalog_ref import PageTenant
from services.ops.pages.rendering.templates import render
from shared.store.catalog.status import IndexingStatus, TenantProgress

router = APIRouter()


@dataclass(frozen=True)
class IndexingProgress:
    """The latest status of the catalog service, for one tenant."""

    status: IndexingStatus
    tenant: TenantProgress

    @property
    def is_changing(self) -> bool:
        """Whether the numbers will change without a new publication."""
        return self.tenant.waiting > 0 or self.status.outdated > 0 or bool(self.status.reindexing)

    @property
    def percent(self) -> float:
        """Share of the images that do not wait."""
        total = self.tenant.total
        return 100.0 * (total - self.tenant.waiting) / total if total else 100.0

    @property
    def failed(self) -> int:
        return sum(self.tenant.failed.values())


async def progress_of(ops: OpsContext, tenant: str) -> IndexingProgress | None:
    """The progress of a tenant; None before the catalog service has written a status."""
    if ops.stores.catalogs is None:
        return None
    statuses = await ops.stores.catalogs.statuses()
    return IndexingProgress(statuses[0], statuses[0].of(tenant)) if statuses else None


@router.get("/catalog/progress")
async def progress(http: Request, ops: Context, tenant: PageTenant) -> Response:
    """Return the part of the page that shows the progress."""
    return render(http, "catalog/_progress.html", progress=await progress_of(ops, tenant))
