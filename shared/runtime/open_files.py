"""Raise the number of files and connections that this process may open."""

import resource
from contextlib import suppress
from typing import Final

WANTED: Final = 8192
"""Connections to slow image hosts alone may be more than a thousand, the usual limit."""


def raise_open_files_limit() -> None:
    """Raise the soft limit up to the hard one, as the runtimes of Java and Go do at their start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= WANTED:
        return
    limit = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    # A system may refuse more than its own limit; the process then works with the old one.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
