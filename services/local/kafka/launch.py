"""Start the broker on a formatted folder; choose another port when the first one is taken."""

import threading
import time

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.java import Java, last_lines
from services.local.kafka.ports import (
    Ports,
    choose_ports,
    is_free,
    read_saved_ports,
    save_ports,
    shuffled_range,
)
from services.local.kafka.readiness import serving_cluster
from services.local.kafka.supervised_process import SupervisedProcess

MAX_PORT_TRIES = 4
POLL_SECONDS = 0.05


class PortTaken(Exception):
    """Another process took the port after our check and before Java bound it."""


def launch(
    java: Java,
    cluster_id: str,
    *,
    requested_port: int | None,
    timeout_seconds: float,
    cancelled: threading.Event,
) -> tuple[SupervisedProcess, Ports]:
    """The broker's process and ports, once it answers; raises `KafkaDidNotStart`."""
    deadline = time.monotonic() + timeout_seconds
    for _ in range(MAX_PORT_TRIES):
        ports = choose_ports(
            requested=requested_port,
            saved=read_saved_ports(java.folder),
            is_free=is_free,
            candidates=shuffled_range(),
        )
        try:
            process = _start(java, ports, cluster_id, deadline, cancelled)
        except PortTaken:
            continue
        save_ports(java.folder, ports)
        return process, ports
    raise KafkaDidNotStart(
        f"another process took Kafka's port {MAX_PORT_TRIES} times in a row. Start again."
    )


def _start(
    java: Java, ports: Ports, cluster_id: str, deadline: float, cancelled: threading.Event
) -> SupervisedProcess:
    process = java.serve(ports)
    try:
        while serving_cluster(ports.broker) != cluster_id:
            if cancelled.is_set():
                raise KafkaDidNotStart("the start of Kafka was cancelled")
            if not process.is_alive():
                raise _exit_error(java, process.exit_code)
            if time.monotonic() > deadline:
                raise KafkaDidNotStart(
                    "Kafka runs but did not answer in time. A busy machine may need longer: "
                    f"start again. The end of {java.log}:\n{last_lines(java.log_text())}"
                )
            time.sleep(POLL_SECONDS)
    except BaseException:  # also Ctrl-C: no other code knows this process yet
        process.stop()
        raise
    return process


def _exit_error(java: Java, exit_code: int | None) -> Exception:
    log = java.log_text()
    if "Address already in use" in log:
        return PortTaken()
    return KafkaDidNotStart(
        f"Java ended with {exit_code} while Kafka was starting. "
        f"The end of {java.log}:\n{last_lines(log)}"
    )
