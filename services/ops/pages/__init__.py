"""The dashboard's pages, each with a router of its own."""

from fastapi import APIRouter

from services.ops.pages import (
    dead_letters,
    docs,
    erased,
    live,
    models,
    nights,
    overview,
    playground,
    thumbnails,
    user,
    users,
)


def page_router() -> APIRouter:
    """All pages; whoever sees them has at least the role `read`."""
    pages = APIRouter(include_in_schema=False)
    for page in (
        overview,
        dead_letters,
        docs,
        playground,
        users,
        user,
        erased,
        models,
        nights,
        live,
        thumbnails,
    ):
        pages.include_router(page.router)
    return pages
