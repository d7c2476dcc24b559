"""The dashboard's pages, each with a router of its own."""

from fastapi import APIRouter

from services.ops.pages import dead_letters
from services.ops.pages.docs import page as docs
from services.ops.pages.models import page as models
from services.ops.pages.overview import live
from services.ops.pages.overview import page as overview
from services.ops.pages.playground import page as playground
from services.ops.pages.playground import thumbnails
from services.ops.pages.training_jobs import page as nights
from services.ops.pages.users import erasure_receipts as erased
from services.ops.pages.users import list_page as users
from services.ops.pages.users import user_page as user


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
