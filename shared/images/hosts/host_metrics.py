"""Export the failures of image hosts and the open circuits, without the names of hosts."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.images.hosts.host_gate import FailureKind


class Gate(Protocol):
    """The numbers of a `HostGate`."""

    refused: int

    @property
    def failures(self) -> Mapping[FailureKind, int]: ...

    @property
    def open_circuits(self) -> Mapping[str, int]: ...


class HostMetrics(Collector):
    """The numbers at the moment of the scrape. Services of one process share one image loader."""

    def __init__(self, gate: Gate, registry: CollectorRegistry) -> None:
        self._gate = gate
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metrics without samples, for the registry."""
        return self._metrics(None)

    def collect(self) -> Iterator[Metric]:
        return self._metrics(self._gate)

    def _metrics(self, gate: Gate | None) -> Iterator[Metric]:
        circuits = GaugeMetricFamily(
            "preferstream_image_circuits_open",
            "Image hosts and single addresses that are left alone because they keep failing",
            labels=["circuit"],
        )
        failures = CounterMetricFamily(
            "preferstream_image_host_failures",
            "Requests to image hosts that failed, by kind",
            labels=["kind"],
        )
        refused = CounterMetricFamily(
            "preferstream_images_refused_by_circuit",
            "Images that failed at once because a circuit was open",
        )
        if gate is not None:
            for circuit, number in gate.open_circuits.items():
                circuits.add_metric([circuit], number)
            for kind in ("connect", "timeout", "status", "closed"):
                failures.add_metric([kind], gate.failures.get(kind, 0))
            refused.add_metric([], gate.refused)
        yield from (circuits, failures, refused)
