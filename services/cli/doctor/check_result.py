"""What the doctor found of one part, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """What was found of one part; `advice` finishes the reader's next sentence."""

    part: str
    ok: bool
    found: str
    advice: str = ""
