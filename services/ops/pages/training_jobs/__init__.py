"""The training job pages: schedule, progress, curves and data reports."""

from services.ops.pages.training_jobs.page import router

__all__ = ["router"]
