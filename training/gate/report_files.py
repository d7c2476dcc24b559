"""Write a report as `report.json` for programs, and as `report.html` and `report.md` for people."""

import json
from pathlib import Path

from shared.files.atomic_write import atomic_write
from training.gate.markdown import markdown
from training.gate.opening import gain_of, opening
from training.gate.page import page
from training.gate.report import Report, as_json


def write_report(report: Report, folder: Path) -> None:
    """Write the files, each completely or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "report.html", page(report))
    atomic_write(folder / "report.md", markdown(report))
    gain = gain_of(report)
    values = as_json(report) | {
        "opening": opening(report),
        "gain": [gain.value, gain.low, gain.high] if gain else None,
    }
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    atomic_write(folder / "report.json", text)
