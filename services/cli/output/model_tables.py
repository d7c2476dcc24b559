"""Show versions of the model and what the gate found as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Column, Table

from services.retrain.registry.folders import VersionSummary
from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.model_package import ModelPackage


def versions_table(versions: Sequence[VersionSummary], serving: Mapping[str, str]) -> Table:
    """One line a version, oldest first; what counts most where some version weighs elements."""
    # Folded: on 80 columns a version's name and its weights still stand there whole.
    weighed = not all(one.element_weights.are_equal for one in versions)
    more = [Column("counts more", overflow="fold")] if weighed else []
    version = Column("version", overflow="fold")
    table = Table(version, "kind", "made", "serves as", "gain", *more, "reason")
    for one in versions:
        gain = one.metrics.get("held_out_difference")
        table.add_row(
            one.version,
            one.kind,
            one.made_at[:16].replace("T", " "),
            _alias(one.version, serving),
            f"{100 * gain:+.1f} points" if gain is not None else "",
            *([_counts_more(one)] if weighed else []),
            one.reason[:100],
        )
    return table


def version_table(
    one: VersionSummary, artefact: ModelPackage, serving: Mapping[str, str], report: Mapping[str, Any] | None
) -> Table:
    """All about one version, with every condition of the gate."""
    table = Table(show_header=False)
    table.add_row("version", one.version)
    table.add_row("kind", one.kind)
    table.add_row("serves as", _alias(one.version, serving) or "nothing")
    table.add_row("changes", artefact.base_version or "")
    table.add_row("held against", one.previous_version or "")
    table.add_row("elements count", _counted(one))
    table.add_row("folder", str(artefact.folder))
    table.add_row("sha256", artefact.sha256)
    if report is None:
        table.add_row("gate", "no report was kept with it")
        return table
    decision = report.get("decision", {})
    table.add_row("gate", f"{decision.get('verdict')}: {decision.get('reason')}")
    for check in decision.get("checks", []):
        mark = "[green]yes[/]" if check["passed"] else "[red]no[/]"
        table.add_row(f"  {mark}", f"{check['title']}. {check.get('explanation') or check.get('told', '')}")
    return table


def plain(one: VersionSummary, serving: Mapping[str, str]) -> dict[str, Any]:
    """The version for `--json`."""
    return {
        "version": one.version,
        "kind": one.kind,
        "made_at": one.made_at or None,
        "serves_as": _alias(one.version, serving) or None,
        "previous_version": one.previous_version,
        "metrics": dict(one.metrics),
        "reason": one.reason,
        "element_weights": one.element_weights.model_dump(),
        "folder": str(one.folder) if one.folder else None,
    }


def _counts_more(one: VersionSummary) -> str:
    """The elements above 1, the heaviest first, a line each: all five are in `models show`."""
    weights = one.element_weights
    above = [element for element in ELEMENTS if weights[element] > 1]
    above.sort(key=lambda element: -weights[element])
    return "\n".join(f"{element.label} {weights[element]:.2f}" for element in above)


def _counted(one: VersionSummary) -> str:
    return "alike" if one.element_weights.are_equal else one.element_weights.summary


def _alias(version: str, serving: Mapping[str, str]) -> str:
    return ", ".join(alias for alias, serves in serving.items() if serves == version)
