"""Export which model versions this process serves, and the background work at the models."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.events.types.model import CHALLENGER, CHAMPION
from shared.vlm.background_work import BackgroundWork
from shared.vlm.model_selection import Lineup


class Serving(Protocol):
    """Holds the models that are served now."""

    @property
    def lineup(self) -> Lineup: ...

    @property
    def background(self) -> BackgroundWork: ...


class ModelMetrics(Collector):
    """The lineup at the moment of the scrape; a withdrawn version has no sample."""

    def __init__(self, models: Serving, registry: CollectorRegistry) -> None:
        self._models = models
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metrics without samples, for the registry."""
        yield from self._metrics(None)
        yield from background_metrics(None)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics(self._models.lineup)
        yield from background_metrics(self._models.background)

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


def background_metrics(background: BackgroundWork | None) -> Iterator[Metric]:
    """Requests in work and totals of the background work; without samples for None.

    Services in one process share the models, so each of them exports the same values.
    """
    requests = GaugeMetricFamily(
        "preferstream_model_requests",
        "Requests in work, for which background work at the model waits",
    )
    items = CounterMetricFamily(
        "preferstream_background_items",
        "Images that background work has computed, by kind of work and by load at the start",
        labels=["work", "load"],
    )
    seconds = CounterMetricFamily(
        "preferstream_background_seconds",
        "Seconds of background work at the model, by kind of work",
        labels=["work"],
    )
    if background is not None:
        requests.add_metric([], background.requests)
        for work, totals in background.totals.items():
            quiet = totals.items - totals.items_under_load
            items.add_metric([work, "quiet"], quiet)
            items.add_metric([work, "requests"], totals.items_under_load)
            seconds.add_metric([work], totals.seconds)
    yield from (requests, items, seconds)
