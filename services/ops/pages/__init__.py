"""The dashboard's pages, each with a router of its own."""

from fastapi import APIRouter

from services.ops.pages import overview


def page_router() -> APIRouter:
    """All pages; whoever sees them has at least the role `read`."""
    pages = APIRouter(include_in_schema=False)
    pages.include_router(overview.router)
    return pages
