"""Write the ablation's report from the measured files of all rows and seeds, user by user.

python -m training.ablation.report training/ablation/measured
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from training.ablation.measuring import NotComparable, check_comparable
from training.ablation.plan import ROWS, TRAINED, Row
from training.ablation.table import (
    COMPARED,
    Reports,
    as_markdown,
    difference,
    differences_as_markdown,
    line,
    monotone,
)

ABOUT: Final = "about.json"
BASE_SEED: Final = 0
"""Stands for the seed of the base, which has none of its own training."""


def read_measured(folder: Path) -> dict[Row, Reports]:
    """The measured files of a folder by row and seed; rows without a file are left out.

    Raises `NotComparable` for an empty folder and for models that were measured in different ways.
    """
    by_row: dict[Row, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for row in ROWS:
        for file in sorted(folder.glob(f"{row}.json" if row == "base" else f"{row}-*.json")):
            seed = BASE_SEED if row == "base" else int(file.stem.rpartition("-")[2])
            by_row[row][seed] = json.loads(file.read_text(encoding="utf-8"))
    if not by_row:
        raise NotComparable(f"{folder} holds no measured model")
    check_comparable([report for reports in by_row.values() for report in reports.values()])
    return dict(by_row)


def write_report(measured: Path, to: Path) -> None:
    """Write `ablation.md` and `ablation.json`; a partly finished run gives the rows so far.

    Raises `NotComparable`.
    """
    by_row = read_measured(measured)
    lines = [line(row, reports) for row, reports in by_row.items()]
    differences = [
        entry
        for less, row in COMPARED
        if row in by_row and less in by_row
        if (entry := difference(row, less, by_row[row], by_row[less]))
    ]
    about = _about(measured)
    summary = {
        "about": about,
        "rows": [asdict(row) for row in lines],
        "differences": [asdict(entry) for entry in differences],
        "monotone": monotone(lines),
    }
    atomic_write(to / "ablation.json", json.dumps(summary, indent=1) + "\n")
    paragraphs = [
        _introduction(about, by_row),
        as_markdown(lines),
        differences_as_markdown(differences),
    ]
    atomic_write(to / "ablation.md", "\n".join(paragraphs))


def _introduction(about: Mapping[str, Any], by_row: Mapping[Row, Reports]) -> str:
    """Command, base, people and progress, so that the table can be read alone."""
    settings = about.get("settings", {})
    planned = int(settings.get("seeds", 0))
    missing = [row for row in TRAINED if len(by_row.get(row, ())) < planned]
    base = by_row["base"][BASE_SEED].get("trained", {}) if "base" in by_row else {}
    facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in base.items())
    people = settings.get("hard") or f"drawn with seed {settings.get('people_seed', 'unknown')}"
    lines = [
        "Shares of *hard* pairs that are right, with 95 % intervals over users and seeds.",
        f"Command: `{about.get('command', 'unknown')}`.",
        f"Base: {facts or 'unknown'}.",
        f"People of the report: {people}.",
    ]
    if missing:
        lines.append(f"Not finished: fewer than {planned} seeds of {', '.join(missing)}.")
    return "\n".join(lines) + "\n"


def _about(folder: Path) -> dict[str, Any]:
    file = folder / ABOUT
    about: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return about


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation.report", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("measured", type=Path, help="folder of the measured files")
    parser.add_argument("--to", type=Path, help="default: the folder itself")
    options = parser.parse_args()
    to = options.to or options.measured
    try:
        write_report(options.measured, to)
    except NotComparable as error:
        print(f"No table: {error}.", file=sys.stderr)
        return 1
    print((to / "ablation.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
