"""Run the gate in a child process and read its verdict; a failure keeps the champion."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, get_args

from shared.jobs.opening_sentence import Gain
from shared.jobs.result_codes import GateCode
from shared.runtime.child_process import run_child

MAX_SECONDS: Final = 1_800.0
"""The gate takes seconds for thousands of pairs; after half an hour it hangs."""


@dataclass(frozen=True)
class GateVerdict:
    """The decision of the gate, or the reason why it made none."""

    promotes: bool
    code: GateCode
    reason: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    gain: Gain | None = None
    """Of the challenger on held-out users, where it was measured."""
    report: Path | None = None
    """Folder of `report.json` and `report.html`."""


class Gate(Protocol):
    """Decides on a file of evidence; never raises."""

    def __call__(self, evidence: Path, *, out: Path) -> GateVerdict: ...


def run_gate(
    evidence: Path,
    *,
    out: Path,
    command: Sequence[str] = (sys.executable, "-m", "training.gate"),
    seconds: float = MAX_SECONDS,
) -> GateVerdict:
    """The verdict on a file of evidence; a gate that fails or hangs keeps the champion."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").unlink(missing_ok=True)
    # Absolute: a relative path may start with a dash, like an option.
    arguments = [str(evidence.absolute()), "--out", str(out.absolute())]
    try:
        child_exit = run_child([*command, *arguments], seconds=seconds)
    except OSError as error:
        return _kept(f"the gate could not be started: {error}")
    try:
        return _read(json.loads((out / "report.json").read_text(encoding="utf-8")), out)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _kept(f"the gate left no report and {child_exit.reason}")


def _read(report: Mapping[str, Any], folder: Path) -> GateVerdict:
    decision = report["decision"]
    codes: tuple[GateCode, ...] = get_args(GateCode)
    return GateVerdict(
        promotes=decision["verdict"] == "promote",
        code=codes[codes.index(decision["code"])],
        reason=str(decision["reason"]),
        metrics={str(name): float(value) for name, value in report["metrics"].items()},
        gain=Gain(*map(float, gain)) if (gain := report.get("gain")) else None,
        report=folder,
    )


def _kept(problem: str) -> GateVerdict:
    return GateVerdict(False, "crash", f"The champion keeps serving: {problem}.")
