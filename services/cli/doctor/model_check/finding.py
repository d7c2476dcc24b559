"""Define what one check of a model found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["ok", "note", "wrong"]
"""`note`: the model can serve, with the drawback that the detail names. `wrong`: it cannot."""


@dataclass(frozen=True)
class Finding:
    """The result of one check; `advice` says what to do when it is not ok."""

    name: str
    state: State
    detail: str
    advice: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    """The measured numbers, for programs; the detail has them in words."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def is_usable(findings: list[Finding]) -> bool:
    """Whether no check found something wrong."""
    return all(finding.state != "wrong" for finding in findings)
