"""Hide a package from another one that would import it and that works without it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(package: str) -> Iterator[None]:
    """Imports of `package` fail inside the block; one that is already imported stays visible."""
    if package in sys.modules:
        yield
        return
    # Python's own way to say so: an import of it raises `ModuleNotFoundError`.
    sys.modules[package] = None  # type: ignore[assignment]  # None hides it
    try:
        yield
    finally:
        del sys.modules[package]
