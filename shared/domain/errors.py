"""The two failures that have a name: never, and not now. Anything else is a bug and stays uncaught.

Vendor errors are translated into these once, at the adapter, with `raise ... from error`.
"""


class Unprocessable(Exception):
    """Never: no retry can save this input. It becomes a dead letter or a `rejected` entry.

    `reason` is a short, stable slug for counters (`image_too_large`); `detail` is for a person:
    what, which, expected what, and what to do.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Unavailable(Exception):
    """Not now: a part we depend on does not answer. Retried with bounded backoff, never skipped."""

    def __init__(self, part: str, detail: str) -> None:
        super().__init__(f"{part}: {detail}")
        self.part = part
        self.detail = detail
