"""Arrange versions of the model and the gate's decisions as rows and lines to print."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id, Line
from services.retrain.registry.folders import VersionSummary
from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.model_package import ModelPackage


def versions_table(versions: Sequence[VersionSummary], serving: Mapping[str, str]) -> Listing:
    """One row per version, oldest first; with element weights if some version has unequal ones."""
    weighted = not all(version.element_weights.are_equal for version in versions)
    columns = (
        Column("version", "id"), Column("kind"), Column("created"), Column("serves as"),
        Column("gain"), *((Column("higher weights", "text"),) if weighted else ()),
        Column("reason", "text", max_characters=100),
    )  # fmt: skip
    rows = []
    for version in versions:
        gain = version.metrics.get("held_out_difference")
        rows.append(
            [
                version.version,
                version.kind,
                version.made_at[:16].replace("T", " "),
                _alias(version.version, serving),
                f"{100 * gain:+.1f} points" if gain is not None else "",
                *([_higher_weights(version)] if weighted else []),
                version.reason,
            ]
        )
    return Listing(columns, rows)


def version_lines(
    version: VersionSummary,
    package: ModelPackage,
    serving: Mapping[str, str],
    report: Mapping[str, Any] | None,
) -> list[Line]:
    """Everything about one version, with every condition of the gate."""
    facts = {
        "version": version.version,
        "kind": version.kind,
        "serves as": _alias(version.version, serving) or "nothing",
        "base version": package.base_version,
        "compared with": version.previous_version,
        "element weights": _weights(version),
        "folder": str(package.folder),
        "sha256": package.sha256,
    }
    lines: list[Line] = [
        [(f"{name}: ", "bold"), Id(value)] for name, value in facts.items() if value
    ]
    if report is None:
        return [*lines, [("gate: ", "bold"), "no report is stored with this version"]]
    decision = report.get("decision", {})
    lines.append([("gate: ", "bold"), f"{decision.get('verdict')}: {decision.get('reason')}"])
    for check in decision.get("checks", []):
        mark = ("yes", "green") if check["passed"] else ("no", "red")
        lines.append(["  ", mark, f"  {check['title']}. {check['explanation']}"])
    return lines


def version_as_dict(version: VersionSummary, serving: Mapping[str, str]) -> dict[str, Any]:
    """The version for `--json`."""
    return {
        "version": version.version,
        "kind": version.kind,
        "made_at": version.made_at or None,
        "serves_as": _alias(version.version, serving) or None,
        "previous_version": version.previous_version,
        "metrics": dict(version.metrics),
        "reason": version.reason,
        "element_weights": version.element_weights.model_dump(),
        "folder": str(version.folder) if version.folder else None,
    }


def _higher_weights(version: VersionSummary) -> str:
    """Elements with a weight above 1, highest first; `models show` has all five."""
    weights = version.element_weights
    above = [element for element in ELEMENTS if weights[element] > 1]
    above.sort(key=lambda element: -weights[element])
    return ", ".join(f"{element.label} {weights[element]:.2f}" for element in above)


def _weights(version: VersionSummary) -> str:
    return "equal" if version.element_weights.are_equal else version.element_weights.summary


def _alias(version: str, serving: Mapping[str, str]) -> str:
    return ", ".join(alias for alias, serves in serving.items() if serves == version)
