"""Every start ends with a sentence when Kafka is paused, or accepts and never answers."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier, Event, Thread, local
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from PIL import Image
from prometheus_client import CollectorRegistry

from services.local.kafka.broker import LocalKafka, start_local_kafka
from services.local.messaging import create_topics
from shared.client.asynchronous import AsyncClient
from shared.client.topic_reader import topic_reader
from shared.domain.errors import Unavailable
from shared.events.topics import ALL_TOPICS, FEEDBACK, FEEDS, MODELS
from shared.events.wire.record import Outgoing
from shared.messaging.admin.cluster_state import read_cluster_state
from shared.messaging.admin.provision import provision
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.publisher import KafkaPublisher
from shared.messaging.read.bounded_reader import ONE_FETCH
from shared.messaging.read.by_key import records_since
from shared.messaging.read.drain import drain
from shared.messaging.read.record_check import check_records
from shared.messaging.read.record_fetcher import RecordFetcher
from shared.messaging.read.tail import tail, whole_topic
from shared.messaging.service import KafkaService
from tests.support.kafka_fixtures import START_TIMEOUT_SECONDS
from tests.support.project_root import PROJECT_ROOT

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # A client of kafka-python whose connection fails does not close its own pair of sockets.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LONGEST_SECONDS = 180.0
"""Three times the longest limit of one step, for a busy machine; before, it was for ever."""


@pytest.fixture(autouse=True)
def no_sockets_left() -> Iterator[None]:
    """Collect them here, so that no other test gets the warning."""
    yield
    gc.collect()


class StartedPublisher(KafkaPublisher):
    """A publisher whose start is tried by itself."""

    async def start(self) -> None:
        """Nothing to do."""


def _consuming(path: str) -> Callable[[MessagingSettings], Awaitable[None]]:
    async def start(settings: MessagingSettings) -> None:
        service = KafkaService("tested", settings, CollectorRegistry())
        service.publisher = StartedPublisher(settings, client_id="tested")

        async def handle(*_: object) -> None:
            """Nothing arrives."""

        getattr(service, path)(FEEDBACK, handle)
        await service.start()

    return start


async def _start_client(settings: MessagingSettings) -> None:
    async with AsyncClient(settings):
        pass


def _open_topic(settings: MessagingSettings) -> None:
    with topic_reader(settings, FEEDS):
        pass


def _drain(settings: MessagingSettings) -> None:
    list(drain(settings, FEEDS, group="g", start_of=lambda _: None, size=ONE_FETCH))


STARTS: dict[str, Callable[[MessagingSettings], Awaitable[None]]] = {
    "slow path": _consuming("slow"),
    "fast path": _consuming("fast"),
    "every instance": _consuming("every_instance"),
    "publisher": lambda s: KafkaPublisher(s, client_id="tested").start(),
    "record fetcher": lambda s: RecordFetcher(s).start(),
    "asynchronous client": _start_client,
    "create topics": lambda s: create_topics(s, lambda _: None),
}
BLOCKING: dict[str, Callable[[MessagingSettings], object]] = {
    "provision": lambda s: provision(s, ALL_TOPICS),
    "cluster state": lambda s: read_cluster_state(s, [FEEDBACK.name]),
    "promotions": lambda s: list(tail(s, MODELS, max_per_partition=10)),
    "whole topic": lambda s: list(whole_topic(s, FEEDS)),
    "one key": lambda s: records_since(s, [FEEDS], b"k", None),
    "check of records": lambda s: check_records(s, ALL_TOPICS),
    "drain": _drain,
    "send": lambda s: send_once(s, Outgoing(FEEDBACK.name, b"k", b"v")),
    "topic reader": _open_topic,
}


async def outcomes(settings: MessagingSettings) -> dict[str, tuple[float, str]]:
    """Begin everything at the same time; by name, its seconds and its error."""
    # A thread for each blocking read: the default executor has six on two cores.
    threads = ThreadPoolExecutor(2 * len(BLOCKING) + 8)
    asyncio.get_running_loop().set_default_executor(threads)

    async def outcome(begin: Awaitable[object]) -> tuple[float, str]:
        began = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await begin
        except Unavailable as error:
            return time.monotonic() - began, str(error)
        except TimeoutError:
            return time.monotonic() - began, "it still waits"
        return time.monotonic() - began, "it returned"

    begun: dict[str, Awaitable[object]] = {n: start(settings) for n, start in STARTS.items()}
    begun |= {name: asyncio.to_thread(read, settings) for name, read in BLOCKING.items()}
    ended = await asyncio.gather(*(outcome(awaitable) for awaitable in begun.values()))
    return dict(zip(begun, ended, strict=True))


def check(results: dict[str, tuple[float, str]], address: str) -> None:
    wrong = {name: r for name, r in results.items() if address not in r[1]}
    assert wrong == {}


@contextmanager
def silent_address() -> Iterator[str]:
    """An address that accepts connections and never answers."""
    ended = Event()
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        server.settimeout(0.2)
        accepted: list[socket.socket] = []

        def accept() -> None:
            while not ended.is_set():
                try:
                    accepted.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = Thread(target=accept)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()
            for connection in accepted:
                connection.close()


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    folder = tmp_path_factory.mktemp("silent")
    with start_local_kafka(folder, start_timeout_seconds=START_TIMEOUT_SECONDS) as kafka:
        yield kafka


async def test_everything_ends_at_an_address_that_never_answers_and_with_a_paused_kafka(
    own_kafka: LocalKafka,
) -> None:
    """Both at the same time, since each waits for a minute."""
    paused = MessagingSettings(kafka_bootstrap_servers=own_kafka.bootstrap)
    await asyncio.to_thread(provision, paused, ALL_TOPICS)
    os.kill(own_kafka.pid, signal.SIGSTOP)
    try:
        with silent_address() as address:
            silent = MessagingSettings(kafka_bootstrap_servers=address)
            at_silent, at_paused = await asyncio.gather(outcomes(silent), outcomes(paused))
    finally:
        os.kill(own_kafka.pid, signal.SIGCONT)
    check(at_silent, address)
    check(at_paused, own_kafka.bootstrap)


async def test_everything_ends_when_kafka_pauses_right_after_the_connection(
    own_kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = MessagingSettings(kafka_bootstrap_servers=own_kafka.bootstrap)
    await asyncio.to_thread(provision, settings, ALL_TOPICS)
    connected = Barrier(len(STARTS) + len(BLOCKING))

    def pause() -> None:
        if connected.wait(timeout=120) == 0:
            os.kill(own_kafka.pid, signal.SIGSTOP)
            paused.set()
        assert paused.wait(10)

    paused = Event()
    bootstrap = AIOKafkaClient.bootstrap

    async def bootstrap_and_pause(client: AIOKafkaClient) -> None:
        await bootstrap(client)
        await asyncio.get_running_loop().run_in_executor(waiting, pause)

    waiting = ThreadPoolExecutor(max_workers=len(STARTS))
    monkeypatch.setattr(AIOKafkaClient, "bootstrap", bootstrap_and_pause)
    for client in (KafkaConsumer, KafkaAdminClient, KafkaProducer):
        monkeypatch.setattr(client, "__init__", _then(client.__init__, pause))
    try:
        results = await outcomes(settings)
    finally:
        os.kill(own_kafka.pid, signal.SIGCONT)
        waiting.shutdown()
    # The records of these topics are read by the consumers after their start.
    started = {name: result for name, result in results.items() if result[1] == "it returned"}
    assert set(started) <= {"slow path", "fast path", "every instance", "record fetcher"}
    check({name: r for name, r in results.items() if name not in started}, own_kafka.bootstrap)


def _then(construct: Callable[..., None], pause: Callable[[], None]) -> Callable[..., None]:
    first = local()

    def construct_and_pause(*args: Any, **more: Any) -> None:
        construct(*args, **more)
        # The check of records opens two clients, one after the other; each thread pauses once.
        if not getattr(first, "done", False):
            first.done = True
            pause()

    return construct_and_pause


COMMANDS = {
    "up": ["-m", "services.cli", "up"],
    "publish": ["-m", "services.cli", "publish", "--user", "ada", "picture.png"],
    "feed": ["-m", "services.cli", "feed", "--user", "ada"],
    "dlq list": ["-m", "services.cli", "dlq", "list"],
    "doctor": ["-m", "services.cli", "doctor"],
    "assessor": ["-m", "services.assessor"],
    "profile": ["-m", "services.profile"],
    "catalog": ["-m", "services.catalog"],
    "retrain": ["-m", "services.retrain"],
    "monitor": ["-m", "services.monitor"],
    "ops": ["-m", "services.ops"],
}


@dataclass(frozen=True)
class Commands:
    """Running commands and services, whose Kafka is an address that never answers."""

    address: str
    processes: Mapping[str, subprocess.Popen[str]]


@pytest.fixture(scope="module", autouse=True)
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """They start before the first test, and wait during the others."""
    folder = tmp_path_factory.mktemp("commands")
    Image.new("RGB", (32, 32), "red").save(folder / "picture.png")
    with silent_address() as address:
        environment = {
            **os.environ,
            "PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": address,
            "PREFERSTREAM_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(PROJECT_ROOT),
            "PYTHONWARNINGS": "ignore",
        }
        processes: dict[str, subprocess.Popen[str]] = {}
        try:
            for name, arguments in COMMANDS.items():
                processes[name] = subprocess.Popen(
                    [sys.executable, *arguments], cwd=folder, env=environment, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                )  # fmt: skip
            yield Commands(address, processes)
        finally:
            for process in processes.values():
                process.kill()
                process.communicate()


def test_every_service_and_command_ends_with_a_sentence(commands: Commands) -> None:
    for name, process in commands.processes.items():
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 1, f"{name}: {output}"
        assert f"{commands.address} did not answer" in output.replace("\n", " "), name
        assert "Traceback" not in output, name
