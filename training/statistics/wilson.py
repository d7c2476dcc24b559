"""Wilson score interval of a share, for the reports of this package."""

from shared.domain.wilson import wilson

__all__ = ["wilson"]
