"""Choose two free ports, the same as last time where that is possible."""

import random
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from services.local.kafka.errors import KafkaDidNotStart

FILE = "ports"
RANGE = range(20_000, 30_000)
"""Below the ports that systems hand out to outgoing connections, so a port stays ours."""


@dataclass(frozen=True)
class Ports:
    broker: int
    controller: int


def choose_ports(
    *,
    asked: int | None,
    remembered: Ports | None,
    is_free: Callable[[int], bool],
    candidates: Iterable[int],
) -> Ports:
    """The asked one or an error; else last time's where free; else the first free candidates."""
    if asked is not None and not is_free(asked):
        raise KafkaDidNotStart(
            f"port {asked} is taken by another process. "
            "End that process, ask for another port, or leave the port out: a free one is found."
        )
    last = (remembered.broker, remembered.controller) if remembered else ()
    free = iter(candidates)
    try:
        broker = asked or next(port for port in chain(last[:1], free) if is_free(port))
        controller = next(
            port for port in chain(last[1:], free) if port != broker and is_free(port)
        )
    except StopIteration:
        raise KafkaDidNotStart(
            f"no free port on 127.0.0.1 between {RANGE.start} and {RANGE.stop}"
        ) from None
    return Ports(broker, controller)


def shuffled_range() -> Iterator[int]:
    return iter(random.sample(RANGE, 200))


def is_free(port: int) -> bool:
    """Nobody answers on it and it can be bound; a port just left by a broker counts as free."""
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


def remembered_ports(folder: Path) -> Ports | None:
    try:
        broker, controller = map(int, (folder / FILE).read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    return Ports(broker, controller)


def remember_ports(folder: Path, ports: Ports) -> None:
    (folder / FILE).write_text(f"{ports.broker} {ports.controller}\n", encoding="ascii")
