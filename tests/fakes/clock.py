"""A fake monotonic clock that a test moves."""


class FakeTime:
    """Seconds as `time.monotonic` returns them; a test sets `now`."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
