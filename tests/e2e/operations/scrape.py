"""Scrape every service of a running system, as Prometheus does."""

import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.system import System


@dataclass(frozen=True)
class Scraped:
    """One metric family of one service."""

    service: str
    name: str
    kind: str
    samples: tuple[Any, ...]
    at: float
    """Unix seconds."""


def scrape(system: System) -> list[Scraped]:
    """Every metric family of every service."""
    families = []
    now = time.time()
    for service, address in system.ready["services"].items():
        with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        families += [
            Scraped(service, family.name, family.type, tuple(family.samples), now)
            for family in text_string_to_metric_families(text)
        ]
    return families


def total(families: list[Scraped], sample: str, **labels: str) -> float:
    """The sum of all samples of that name that have these labels."""
    return sum(
        entry.value
        for family in families
        for entry in family.samples
        if entry.name == sample and labels.items() <= entry.labels.items()
    )
