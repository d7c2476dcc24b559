"""The pages of the dashboard, one package each."""

from fastapi import APIRouter

from services.ops.pages import (
    catalog,
    dead_letters,
    docs,
    models,
    overview,
    playground,
    study,
    training_jobs,
    users,
)


def page_router() -> APIRouter:
    """Return all pages. Every page needs at least the role `read`."""
    pages = APIRouter(include_in_schema=False)
    packages = (
        overview, playground, catalog, study, users, models, training_jobs, dead_letters, docs,
    )  # fmt: skip
    for package in packages:
        pages.include_router(package.router)
    return pages
