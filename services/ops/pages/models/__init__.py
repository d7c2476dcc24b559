"""The model pages: versions, gate reports, promotion and rollback."""

from services.ops.pages.models.page import router

__all__ = ["router"]
