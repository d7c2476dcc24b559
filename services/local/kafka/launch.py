"""From a formatted folder to a broker that answers, with another port when one is lost."""

import time

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.java import Java, last_lines
from services.local.kafka.ports import (
    Ports,
    choose_ports,
    is_free,
    remember_ports,
    remembered_ports,
    shuffled_range,
)
from services.local.kafka.readiness import serving_cluster
from services.local.kafka.supervised_process import GuardedProcess

PORT_TRIES = 4
LOOK_SECONDS = 0.05


class PortLost(Exception):
    """Another process took the port between our look and Java's bind."""


def launch(
    java: Java, cluster_id: str, *, asked_port: int | None, timeout_seconds: float
) -> tuple[GuardedProcess, Ports]:
    deadline = time.monotonic() + timeout_seconds
    for _ in range(PORT_TRIES):
        ports = choose_ports(
            asked=asked_port,
            remembered=remembered_ports(java.folder),
            is_free=is_free,
            candidates=shuffled_range(),
        )
        try:
            process = _started(java, ports, cluster_id, deadline)
        except PortLost:
            continue
        remember_ports(java.folder, ports)
        return process, ports
    raise KafkaDidNotStart(
        f"{PORT_TRIES} times in a row another process took a port before Kafka could. Start again."
    )


def _started(java: Java, ports: Ports, cluster_id: str, deadline: float) -> GuardedProcess:
    process = java.serve(ports)
    try:
        while serving_cluster(ports.broker) != cluster_id:
            if not process.is_alive():
                raise _why_it_ended(java, process.exit_code)
            if time.monotonic() > deadline:
                raise KafkaDidNotStart(
                    "Kafka runs but did not answer in time. A busy machine may need longer: "
                    f"start again. The end of {java.log}:\n{last_lines(java.log_text())}"
                )
            time.sleep(LOOK_SECONDS)
    except BaseException:  # Ctrl-C as well: nobody else knows of this process yet
        process.stop()
        raise
    return process


def _why_it_ended(java: Java, exit_code: int | None) -> Exception:
    log = java.log_text()
    if "Address already in use" in log:
        return PortLost()
    return KafkaDidNotStart(
        f"Java ended with {exit_code} while Kafka was starting. "
        f"The end of {java.log}:\n{last_lines(log)}"
    )
