"""The two named failures: `Unprocessable` (never retry) and `Unavailable` (retry later).

Any other exception is a bug and stays uncaught. Each adapter translates its vendor's errors into
these two, with `raise ... from error`.
"""


class Unprocessable(Exception):
    """No retry can succeed: the input becomes a dead letter or a `rejected` entry of a feed.

    `reason` is a short, stable identifier for counters (`image_too_large`). `detail` is for a
    person: what failed, for which input, what was expected, and what to do. `external` means that
    only a third party, such as an image host, can be the cause: such dead letters stop no service.
    """

    def __init__(self, reason: str, detail: str, *, external: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.external = external


class Unavailable(Exception):
    """A dependency does not answer now: the work is retried with bounded backoff, never skipped."""

    def __init__(self, part: str, detail: str) -> None:
        super().__init__(f"{part}: {detail}")
        self.part = part
        self.detail = detail
