"""Wilson score interval of a share, for the reports of this package."""

from shared.jobs.wilson import wilson

__all__ = ["wilson"]
