"""Prepare the clicks a slate of each order for the model page, from a gate report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

NAMES: Final = {
    "champion": "champion", "challenger": "challenger",
    "popularity": "best baseline: popular images first",
    "image_vectors": "best baseline: likeness of images",
}  # fmt: skip


@dataclass(frozen=True)
class OrderRow:
    """One order: values with intervals as text, or why there is none."""

    name: str
    snips: str = ""
    dr: str = ""
    gain: str = ""
    """Doubly robust, minus the champion."""
    problem: str = ""


@dataclass(frozen=True)
class OffPolicyValues:
    """What the logs say about other orders."""

    rows: tuple[OrderRow, ...]
    slates: int
    users: int
    problem: str
    """Why there is no estimate; empty with rows."""


def off_policy_values(findings: Mapping[str, Any]) -> OffPolicyValues | None:
    """Read the part of a report; None for a report without it."""
    part = findings.get("off_policy")
    if not isinstance(part, Mapping):
        return None
    rows = [OrderRow("as shown", *[_interval(part["logged"])] * 2)] if part.get("logged") else []
    rows += [
        OrderRow(
            NAMES.get(str(order["name"]), str(order["name"])),
            _interval(order.get("snips")),
            _interval(order.get("dr")),
            _interval(order.get("dr_gain"), signed=True),
            str(order.get("problem") or ""),
        )
        for order in part.get("orders") or ()
    ]
    return OffPolicyValues(
        tuple(rows), int(part.get("slates", 0)), int(part.get("users", 0)),
        str(part.get("problem") or ""),
    )  # fmt: skip


def _interval(value: Mapping[str, float] | None, *, signed: bool = False) -> str:
    """`1.84 (1.70 to 1.99)`; clicks cannot be fewer than none, a difference can."""
    if not value:
        return ""
    form = "+.2f" if signed else ".2f"
    low = value["low"] if signed else max(value["low"], 0.0)
    return f"{value['value']:{form}} ({low:{form}} to {value['high']:{form}})"
