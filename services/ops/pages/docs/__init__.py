"""The documentation page: the event contract and the gateway, with a form to send events."""

from services.ops.pages.docs.page import router

__all__ = ["router"]
