"""The user pages: the list of users, one user's profile, and the receipts of an erasure."""

from fastapi import APIRouter

from services.ops.pages.users import erasure_receipts, list_page, live_taste, user_page

router = APIRouter()
for module in (list_page, user_page, live_taste, erasure_receipts):
    router.include_router(module.router)

__all__ = ["router"]
