"""Write a report as `report.json` for programs and as `report.html` for people."""

import json
from pathlib import Path

from shared.files.atomic_write import atomic_write
from training.gate.page import page
from training.gate.report import Report, as_json


def write_report(report: Report, folder: Path) -> None:
    """Write both files, each completely or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "report.html", page(report))
    text = json.dumps(as_json(report), indent=1, ensure_ascii=False) + "\n"
    atomic_write(folder / "report.json", text)
