"""Import files as the command does, and read what was written."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.jobs.benchmark_import import BenchmarkImport
from training.evaluation.benchmark.public_data.cases.protocol import Protocol
from training.evaluation.benchmark.public_data.layouts.formats import FORMATS
from training.evaluation.benchmark.public_data.request import Request
from training.evaluation.benchmark.public_data.run import import_public_data

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SMALL = Protocol(references=4)


def run(
    format: str, *files: Path, out: Path, protocol: Protocol = SMALL, **more: Any
) -> BenchmarkImport:
    request = Request(files=files, out=out, protocol=protocol, tenant="bench", **more)
    return import_public_data(FORMATS[format], request, now=NOW, say=lambda step: None)


def rows(out: Path, name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((out / "data" / name / f"{name}.json").read_text())
    return items


def left_out(out: Path, name: str) -> list[dict[str, Any]]:
    text = (out / "data" / name / "left_out.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def events(out: Path, name: str) -> list[dict[str, Any]]:
    text = (out / "data" / name / "events.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def judged_and_references(item: dict[str, Any]) -> tuple[set[str], set[str]]:
    references = {*item["prefered_images"], *item["non_prefered_images"]}
    return {item["imageA"], item["imageB"]}, references
