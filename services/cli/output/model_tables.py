"""Print versions of the model and the gate's decisions as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Column, Table

from services.retrain.registry.folders import VersionSummary
from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.model_package import ModelPackage


def versions_table(versions: Sequence[VersionSummary], serving: Mapping[str, str]) -> Table:
    """One row per version, oldest first; with element weights if some version has unequal ones."""
    # Folded, so that 80 columns still show the whole name and the whole weights.
    weighted = not all(version.element_weights.are_equal for version in versions)
    weights = [Column("higher weights", overflow="fold")] if weighted else []
    name = Column("version", overflow="fold")
    table = Table(name, "kind", "created", "serves as", "gain", *weights, "reason")
    for version in versions:
        gain = version.metrics.get("held_out_difference")
        table.add_row(
            version.version,
            version.kind,
            version.made_at[:16].replace("T", " "),
            _alias(version.version, serving),
            f"{100 * gain:+.1f} points" if gain is not None else "",
            *([_higher_weights(version)] if weighted else []),
            version.reason[:100],
        )
    return table


def version_table(
    version: VersionSummary,
    package: ModelPackage,
    serving: Mapping[str, str],
    report: Mapping[str, Any] | None,
) -> Table:
    """Everything about one version, with every condition of the gate."""
    table = Table(show_header=False)
    table.add_row("version", version.version)
    table.add_row("kind", version.kind)
    table.add_row("serves as", _alias(version.version, serving) or "nothing")
    table.add_row("base version", package.base_version or "")
    table.add_row("compared with", version.previous_version or "")
    table.add_row("element weights", _weights(version))
    table.add_row("folder", str(package.folder))
    table.add_row("sha256", package.sha256)
    if report is None:
        table.add_row("gate", "no report is stored with this version")
        return table
    decision = report.get("decision", {})
    table.add_row("gate", f"{decision.get('verdict')}: {decision.get('reason')}")
    for check in decision.get("checks", []):
        mark = "[green]yes[/]" if check["passed"] else "[red]no[/]"
        table.add_row(f"  {mark}", f"{check['title']}. {check['explanation']}")
    return table


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
    """Elements with a weight above 1, highest first, one per line; `models show` has all five."""
    weights = version.element_weights
    above = [element for element in ELEMENTS if weights[element] > 1]
    above.sort(key=lambda element: -weights[element])
    return "\n".join(f"{element.label} {weights[element]:.2f}" for element in above)


def _weights(version: VersionSummary) -> str:
    return "equal" if version.element_weights.are_equal else version.element_weights.summary


def _alias(version: str, serving: Mapping[str, str]) -> str:
    return ", ".join(alias for alias, serves in serving.items() if serves == version)
