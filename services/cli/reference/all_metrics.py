"""Every metric there is, with its kind, unit and label values: for `infra/metrics.md` and tests."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from services.assessor.background.shadow_evaluation import ShadowMetrics
from services.assessor.metrics import AssessorMetrics
from services.monitor.metrics import ClusterMetrics, PollMetrics
from services.ops.metrics import OpsMetrics
from services.profile.metrics import ProfileMetrics
from services.retrain.jobs.history import JobHistory
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.lake.schema import TABLES
from services.retrain.metrics import CollectMetrics
from shared.events.topics import DEAD_LETTERS, TOPICS
from shared.events.types.feed import Demotion, Status, Tier
from shared.jobs.result_codes import MEANINGS
from shared.messaging.metrics import MessagingMetrics
from shared.runtime.model_metrics import ModelMetrics
from shared.vlm.model_selection import CHALLENGER, CHAMPION, Lineup

Kind = Literal["counter", "gauge", "histogram"]
PREFIX: Final = "preferstream_"
FILE: Final = Path(__file__).resolve().parents[3] / "infra" / "metrics.md"


@dataclass(frozen=True)
class Label:
    """What a label may hold. Whatever a user could write never becomes a label."""

    values: frozenset[str] = frozenset()
    pattern: str = ""
    told: str = ""

    def allows(self, value: str) -> bool:
        return value in self.values or bool(self.pattern and re.fullmatch(self.pattern, value))


def _one_of(*values: str) -> Label:
    return Label(frozenset(values), told=", ".join(f"`{value}`" for value in values))


TOPIC_NAMES: Final = tuple(topic.name for topic in (*TOPICS, *DEAD_LETTERS))
LABELS: Final[Mapping[str, Label]] = {
    "topic": Label(frozenset(TOPIC_NAMES), told="a topic of ours"),
    "partition": Label(pattern=r"\d{1,4}", told="a number"),
    "group": Label(pattern=r"preferstream\.[a-z0-9.]{1,80}", told="`preferstream.<service>...`"),
    "reason": Label(pattern=r"[a-z][a-z0-9_]{1,40}", told="a short word of the code"),
    "status": Label(
        frozenset(get_args(Status)),
        r"[1-5]\d\d",
        "of a feed: `ok`, `cold_start`, `degraded`; of HTTP",
    ),
    "method": Label(pattern=r"[A-Z]{3,7}|other", told="of HTTP"),
    "route": Label(
        pattern=r"/[A-Za-z0-9_{}/.:-]{0,80}|unmatched", told="a template, `/v1/feeds/{id}`"
    ),
    "tier": _one_of(*get_args(Tier)),
    "rule": _one_of(*get_args(Demotion)),
    "stage": _one_of("queue", "images", "score", "explain", "total"),
    "outcome": _one_of("scored", "unavailable", "failed"),
    "table": _one_of(*(table.name for table in TABLES)),
    "variant": _one_of(CHAMPION, CHALLENGER),
    "use": _one_of("canary", "shadow"),
    "verdict": _one_of(
        "promoted", "tried_out", "kept", "stopped", "wait", "passed", "roll_back", "unknown"
    ),
    "code": Label(
        frozenset(MEANINGS),
        told="; ".join(f"`{code}`: {meaning}" for code, meaning in MEANINGS.items()),
    ),
    "model_version": Label(pattern=r"[A-Za-z0-9._+@:-]{1,120}", told="one a model that serves"),
}


@dataclass(frozen=True)
class KnownMetric:
    """One metric as Prometheus sees it, without `_total`, `_bucket` and the like."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    service: str

    @property
    def series(self) -> frozenset[str]:
        """The names that a query may use."""
        if self.kind == "counter":
            return frozenset({f"{self.name}_total"})
        if self.kind == "histogram":
            return frozenset(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return frozenset({self.name})


class _NoModel:
    """Stands for models that nobody asks."""

    @property
    def lineup(self) -> Lineup:
        raise NotImplementedError  # nobody asks: only names are read


class _Listing(CollectorRegistry):
    """A registry that tells what was registered."""

    def __init__(self) -> None:
        super().__init__()
        self.collectors: list[Collector] = []

    def register(self, collector: Collector) -> None:
        super().register(collector)
        self.collectors.append(collector)


PARTS: Final[tuple[tuple[str, Callable[[CollectorRegistry], object]], ...]] = (
    ("every service", MessagingMetrics),
    ("assessor, profile", lambda registry: ModelMetrics(_NoModel(), registry)),
    ("assessor", AssessorMetrics),
    ("assessor", ShadowMetrics),
    ("profile", ProfileMetrics),
    ("retrain", CollectMetrics),
    ("retrain", JobMetrics),
    ("retrain", lambda registry: JobHistory(Path(), registry)),
    ("ops", OpsMetrics),
    ("monitor", ClusterMetrics),
    ("monitor", PollMetrics),
)
"""Which service shows it, and what registers it."""


@cache
def known_metrics() -> tuple[KnownMetric, ...]:
    """All metrics of ours, in the order of `PARTS`."""
    return tuple(
        metric
        for service, build in PARTS
        for collector in _registered(build)
        for metric in _described(collector, service)
    )


def _registered(build: Callable[[CollectorRegistry], object]) -> list[Collector]:
    registry = _Listing()
    build(registry)
    return registry.collectors


def _described(collector: Collector, service: str) -> Iterator[KnownMetric]:
    # The client tells label names in no public way.
    own: tuple[str, ...] = tuple(getattr(collector, "_labelnames", ()))
    for family in collector.describe():  # type: ignore[attr-defined]  # all but the base class have it
        labels = own or tuple(getattr(family, "_labelnames", ()))
        yield KnownMetric(family.name, family.type, family.documentation, labels, service)


def as_page() -> str:
    """The text of `infra/metrics.md`."""
    rows = [
        f"| `{m.name}{'_total' if m.kind == 'counter' else ''}` | {m.kind} | {m.service} |"
        f" {', '.join(f'`{label}`' for label in m.labels)} | {m.help} |"
        for m in known_metrics()
    ]
    labels = [f"| `{name}` | {label.told} |" for name, label in LABELS.items()]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Every metric of ours, as `/metrics` shows it. Written by"
            " `python -m services.cli.reference.all_metrics --write`; a test holds a running system",
            "against it. `process_*` come from the Prometheus client.",
            "",
            "| metric | kind | service | labels | what it tells |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "What a label may hold. No label holds what a user can write, so that the number of",
            "series is known beforehand.",
            "",
            "| label | values |",
            "|---|---|",
            *labels,
            "",
        ]
    )


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        FILE.write_text(as_page(), encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != as_page():
        sys.exit(f"{FILE.name} is not as the code has it; run again with --write")
