"""Choose two free ports, the same as in the last run if possible."""

import random
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from services.local.kafka.errors import KafkaDidNotStart

FILE = "ports"
RANGE = range(20_000, 30_000)
"""Below the ports that systems hand out to outgoing connections, so it stays free."""


@dataclass(frozen=True)
class Ports:
    broker: int
    controller: int


def choose_ports(
    *,
    requested: int | None,
    saved: Ports | None,
    is_free: Callable[[int], bool],
    candidates: Iterable[int],
) -> Ports:
    """The requested port or an error; else the saved ports if free, else free candidates."""
    if requested is not None and not is_free(requested):
        raise KafkaDidNotStart(
            f"port {requested} is taken by another process. "
            "End that process, choose another port, or leave the port out to get a free one."
        )
    last = (saved.broker, saved.controller) if saved else ()
    free = iter(candidates)
    try:
        broker = requested or next(port for port in chain(last[:1], free) if is_free(port))
        controller = next(
            port for port in chain(last[1:], free) if port != broker and is_free(port)
        )
    except StopIteration:
        raise KafkaDidNotStart(
            f"no free port on 127.0.0.1 between {RANGE.start} and {RANGE.stop}"
        ) from None
    return Ports(broker, controller)


def shuffled_range() -> Iterator[int]:
    """200 ports in random order, so that two Kafkas that start together rarely collide."""
    return iter(random.sample(RANGE, 200))


def is_free(port: int) -> bool:
    """Whether no process listens on the port and it can be bound; TIME_WAIT counts as free."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def read_saved_ports(folder: Path) -> Ports | None:
    """Ports of the last run; None for a new folder."""
    try:
        broker, controller = map(int, (folder / FILE).read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    return Ports(broker, controller)


def save_ports(folder: Path, ports: Ports) -> None:
    (folder / FILE).write_text(f"{ports.broker} {ports.controller}\n", encoding="ascii")
