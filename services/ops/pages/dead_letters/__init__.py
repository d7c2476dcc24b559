"""The dead letter pages: search, inspect, fix and send back."""

from services.ops.pages.dead_letters.page import router

__all__ = ["router"]
