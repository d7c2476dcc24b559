"""The overview page: event rates, lag, latency and ages, live."""

from services.ops.pages.overview.page import router

__all__ = ["router"]
