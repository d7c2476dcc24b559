"""List every metric with its type and label values, for `infra/metrics.md` and for tests."""

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
from services.catalog.metrics import STAGES, CatalogMetrics
from services.monitor.metrics import ClusterMetrics, PollMetrics
from services.ops.metrics import OpsMetrics
from services.profile.metrics import ProfileMetrics
from services.retrain.disk_space import DiskSpace
from services.retrain.jobs.history import JobHistory
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.lake.schema import TABLES
from services.retrain.metrics import CollectMetrics
from shared.events.topics import ALL_TOPICS
from shared.events.types.feed import Demotion, RuleKind, Source, Status, Tier
from shared.events.types.model import CHALLENGER, CHAMPION
from shared.images.hosts.host_gate import FailureKind
from shared.images.hosts.host_metrics import HostMetrics
from shared.jobs.result_codes import MEANINGS
from shared.messaging.metrics import MessagingMetrics
from shared.runtime.model_metrics import ModelMetrics
from shared.vlm.background_work import BackgroundWork
from shared.vlm.model_selection import Lineup

Kind = Literal["counter", "gauge", "histogram"]
PREFIX: Final = "preferstream_"
FILE: Final = Path(__file__).resolve().parents[3] / "infra" / "metrics.md"


@dataclass(frozen=True)
class Label:
    """Allowed values of a label: a fixed set or a pattern, never text from a user."""

    values: frozenset[str] = frozenset()
    pattern: str = ""
    description: str = ""

    def allows(self, value: str) -> bool:
        return value in self.values or bool(self.pattern and re.fullmatch(self.pattern, value))


def _one_of(*values: str) -> Label:
    return Label(frozenset(values), description=", ".join(f"`{value}`" for value in values))


TOPIC_NAMES: Final = tuple(topic.name for topic in ALL_TOPICS)
LABELS: Final[Mapping[str, Label]] = {
    "topic": Label(frozenset(TOPIC_NAMES), description="a topic of Preferstream"),
    "partition": Label(pattern=r"\d{1,4}", description="a number"),
    "group": Label(
        pattern=r"preferstream\.[a-z0-9.]{1,80}", description="`preferstream.<service>...`"
    ),
    "reason": Label(pattern=r"[a-z][a-z0-9_]{1,40}", description="a short code"),
    "status": Label(
        frozenset(get_args(Status)),
        r"[1-5]\d\d",
        "of a feed: `ok`, `cold_start`, `degraded`; or an HTTP status",
    ),
    "method": Label(pattern=r"[A-Z]{3,7}|other", description="HTTP method"),
    "route": Label(
        pattern=r"/[A-Za-z0-9_{}/.:-]{0,80}|unmatched",
        description="route template, such as `/v1/feeds/{id}`",
    ),
    "tier": _one_of(*get_args(Tier)),
    "source": _one_of(*get_args(Source)),
    "rule": _one_of(*get_args(Demotion), *get_args(RuleKind)),
    "stage": _one_of(
        "queue",
        "retrieval",
        "images",
        "score",
        "subject",
        "popularity",
        "explain",
        "evidence",
        "total",
        *STAGES,
    ),
    "origin": _one_of("model", "cache"),
    "work": Label(pattern=r"[a-z]{3,40}", description="a kind of background work"),
    "load": _one_of("quiet", "requests"),
    "state": _one_of("indexed", "outdated", "waiting", "failed"),
    "circuit": _one_of("host", "address"),
    "kind": _one_of(*get_args(FailureKind)),
    "outcome": _one_of("scored", "unavailable", "failed"),
    "folder": _one_of("lake", "models", "training_jobs"),
    "table": _one_of(*(table.name for table in TABLES)),
    "variant": _one_of(CHAMPION, CHALLENGER),
    "use": _one_of("canary", "shadow"),
    "verdict": _one_of(
        "promoted", "tried_out", "kept", "stopped", "wait", "passed", "roll_back", "unknown"
    ),
    "code": Label(
        frozenset(MEANINGS),
        description="; ".join(f"`{code}`: {meaning}" for code, meaning in MEANINGS.items()),
    ),
    "model_version": Label(
        pattern=r"[A-Za-z0-9._+@:-]{1,120}", description="a serving model version"
    ),
}


@dataclass(frozen=True)
class KnownMetric:
    """One metric by its base name, without `_total`, `_bucket` and other suffixes."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    service: str

    @property
    def series(self) -> frozenset[str]:
        """Names that a query can use."""
        if self.kind == "counter":
            return frozenset({f"{self.name}_total"})
        if self.kind == "histogram":
            return frozenset(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return frozenset({self.name})


class _NoModel:
    """A placeholder: only the names of the metrics are read, not their values."""

    @property
    def lineup(self) -> Lineup:
        raise NotImplementedError  # no value is ever read

    @property
    def background(self) -> BackgroundWork:
        raise NotImplementedError  # no value is ever read


class _NoGate:
    """The same for the metrics of image hosts."""

    failures: Mapping[FailureKind, int] = {}
    refused = 0
    open_circuits: Mapping[str, int] = {}


class _RecordingRegistry(CollectorRegistry):
    """A registry that remembers the collectors in it."""

    def __init__(self) -> None:
        super().__init__()
        self.collectors: list[Collector] = []

    def register(self, collector: Collector) -> None:
        super().register(collector)
        self.collectors.append(collector)


SOURCES: Final[tuple[tuple[str, Callable[[CollectorRegistry], object]], ...]] = (
    ("every service", MessagingMetrics),
    ("assessor, profile, catalog", lambda registry: ModelMetrics(_NoModel(), registry)),
    ("assessor, profile, catalog", lambda registry: HostMetrics(_NoGate(), registry)),
    ("assessor", AssessorMetrics),
    ("assessor", ShadowMetrics),
    ("profile", ProfileMetrics),
    ("catalog", CatalogMetrics),
    ("retrain", CollectMetrics),
    ("retrain", JobMetrics),
    ("retrain", lambda registry: JobHistory(Path(), registry)),
    ("retrain", lambda registry: DiskSpace({}, registry)),
    ("ops", OpsMetrics),
    ("monitor", ClusterMetrics),
    ("monitor", PollMetrics),
)
"""Service, and the function that registers its metrics."""


@cache
def known_metrics() -> tuple[KnownMetric, ...]:
    """All metrics of Preferstream, in the order of `SOURCES`."""
    return tuple(
        metric
        for service, build in SOURCES
        for collector in _registered(build)
        for metric in _described(collector, service)
    )


def _registered(build: Callable[[CollectorRegistry], object]) -> list[Collector]:
    registry = _RecordingRegistry()
    build(registry)
    return registry.collectors


def _described(collector: Collector, service: str) -> Iterator[KnownMetric]:
    # The client has no public way to read label names.
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
    labels = [f"| `{name}` | {label.description} |" for name, label in LABELS.items()]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Every metric of Preferstream, as `/metrics` shows it. Written by"
            " `python -m services.cli.reference.all_metrics --write`; a test compares it with a",
            "running system. `process_*` come from the Prometheus client.",
            "",
            "| metric | type | service | labels | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "Allowed values of each label. No label contains text from a user, so the number of",
            "series is bounded.",
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
        sys.exit(f"{FILE.name} differs from the code; run again with --write")
