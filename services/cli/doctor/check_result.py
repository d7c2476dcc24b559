"""Define the result of one check of the doctor."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """What was checked and how it is; `advice` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    advice: str = ""
