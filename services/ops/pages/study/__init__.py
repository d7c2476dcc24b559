"""The blind test: mark ten pictures, choose in 30 pairs, and see which choices were foreseen."""

from services.ops.pages.study.page import router

__all__ = ["router"]
