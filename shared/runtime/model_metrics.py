"""Export which model versions this process serves, so that instances can be compared."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.events.types.model import CHALLENGER, CHAMPION
from shared.vlm.model_selection import Lineup


class Serving(Protocol):
    """Holds the models that are served now."""

    @property
    def lineup(self) -> Lineup: ...


class ModelMetrics(Collector):
    """The lineup at the moment of the scrape; a withdrawn version has no sample."""

    def __init__(self, models: Serving, registry: CollectorRegistry) -> None:
        self._models = models
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metrics without samples, for the registry."""
        return self._metrics(None)

    def collect(self) -> Iterator[Metric]:
        return self._metrics(self._models.lineup)

    def _metrics(self, now: Lineup | None) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "preferstream_model_serving_info",
            "1 for each model version that this process serves",
            labels=["variant", "model_version"],
        )
        share = GaugeMetricFamily(
            "preferstream_model_challenger_share_ratio",
            "Share of users (canary) or requests (shadow) that go to the challenger",
            labels=["use"],
        )
        if now is not None:
            info.add_metric([CHAMPION, now.champion.model_version], 1)
            if now.challenger is not None:
                info.add_metric([CHALLENGER, now.challenger.model_version], 1)
            share.add_metric(["canary"], now.canary_share)
            share.add_metric(["shadow"], now.shadow_share)
        yield from (info, share)
