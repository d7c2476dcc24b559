"""Every client logs in to a real Kafka with TLS and SASL, and rejects an untrusted server."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from kafka.admin import KafkaAdminClient, ScramMechanism, UserScramCredentialUpsertion
from prometheus_client import CollectorRegistry

from services.local.kafka.broker import start_local_kafka
from services.local.kafka.ports import is_free, shuffled_range
from shared.client import AsyncClient, Client, action
from shared.domain.errors import Unavailable
from shared.events import Feedback
from shared.events.topics import FEEDBACK, FEEDS, PROFILES
from shared.events.types.base import Event
from shared.events.wire.codec import encode
from shared.messaging.admin.provision import provision
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.contract import Delivery
from shared.messaging.publisher import KafkaPublisher
from shared.messaging.read.bounded_reader import BatchSize
from shared.messaging.read.drain import drain
from shared.messaging.read.record_fetcher import RecordFetcher
from shared.messaging.read.tail import tail
from shared.messaging.service import KafkaService
from tests.support.certificates import Authority

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
PASSWORD: Final = "correct horse; battery = staple"
START_SECONDS: Final = 240.0
PROTOCOLS: Final = ("tls", "mtls", "plain", "scram")
LISTENERS: Final = """
listeners=PLAINTEXT://127.0.0.1:{{ports.broker}},CONTROLLER://127.0.0.1:{{ports.controller}},\
TLS://127.0.0.1:{tls},MTLS://127.0.0.1:{mtls},LOGIN://127.0.0.1:{login}
advertised.listeners=PLAINTEXT://127.0.0.1:{{ports.broker}},\
TLS://127.0.0.1:{tls},MTLS://127.0.0.1:{mtls},LOGIN://127.0.0.1:{login}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MTLS:SSL,\
LOGIN:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.mtls.ssl.client.auth=required
listener.name.login.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.login.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_ada="{password}";
listener.name.login.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


@dataclass(frozen=True)
class SecuredKafka:
    """A Kafka with a listener for each security protocol, and the settings for each."""

    settings: dict[str, MessagingSettings]
    untrusted: Authority
    """An authority that this Kafka does not trust."""

    def changed(self, protocol: str, **changes: Any) -> MessagingSettings:
        return MessagingSettings.model_validate({**self.settings[protocol].model_dump(), **changes})


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    folder: Path = tmp_path_factory.mktemp("secured")
    ours, untrusted = Authority(folder / "ours"), Authority(folder / "untrusted")
    server = ours.certify("127.0.0.1", key_in_it=True)
    client = ours.certify("an app")
    free = (port for port in shuffled_range() if is_free(port))
    ports = {name: next(free) for name in ("tls", "mtls", "login")}
    extra_settings = LISTENERS.format(
        **ports, keystore=server.certificate, truststore=ours.file, password=PASSWORD
    )
    with start_local_kafka(
        folder / "kafka", start_timeout_seconds=START_SECONDS, extra_settings=extra_settings
    ) as kafka:
        admin = KafkaAdminClient(bootstrap_servers=[kafka.bootstrap])
        admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion("ada", ScramMechanism.SCRAM_SHA_512, password=PASSWORD)]
        )
        admin.close()
        fields_of: dict[str, dict[str, Any]] = {
            "tls": {"kafka_security": "ssl"},
            "mtls": {
                "kafka_security": "ssl",
                "kafka_certificate": client.certificate,
                "kafka_key": client.key,
            },
            "plain": {"kafka_security": "sasl_ssl", "kafka_sasl_mechanism": "PLAIN"},
            "scram": {"kafka_security": "sasl_ssl", "kafka_sasl_mechanism": "SCRAM-SHA-512"},
        }
        settings = {
            protocol: MessagingSettings.model_validate(
                {
                    "kafka_bootstrap_servers": f"127.0.0.1:{ports.get(protocol, ports['login'])}",
                    "kafka_ca": ours.file,
                    "topic_partitions": 2,
                    **({"kafka_user": "ada", "kafka_password": PASSWORD} if "sasl" in str(fields)
                       else {}),
                    **fields,
                }
            )
            for protocol, fields in fields_of.items()
        }  # fmt: skip
        provision(settings["tls"], (FEEDBACK, FEEDS, PROFILES))
        yield SecuredKafka(settings, untrusted)


@pytest.fixture(scope="module", autouse=True)
def wrong_password(secured: SecuredKafka) -> Iterator["Future[Any]"]:
    """A short-lived client; it tries for half a minute, so it starts before the first test."""
    settings = secured.changed("plain", kafka_password="guessed")
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(provision, settings, (FEEDBACK,))


def like() -> Feedback:
    return action(f"u-{uuid4()}", "like", "a.png")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_short_lived_clients_are_accepted(secured: SecuredKafka, protocol: str) -> None:
    settings = secured.settings[protocol]
    first, second, third = like(), like(), like()
    assert provision(settings, (FEEDBACK, FEEDS, PROFILES)) == []
    send_once(settings, encode(first))
    with Client(settings) as app:
        app.send(second, third)
        assert app.profile("unknown") is None
    latest = tail(settings, FEEDBACK, max_per_partition=1000)
    tail_users = {(record.key or b"").decode() for record in latest}
    drained = [
        record.key
        for batch in drain(
            settings, FEEDBACK, group=f"g-{uuid4()}", start_of=lambda _: None,
            size=BatchSize(1000, 1_000_000),
        )
        for record in batch.records
    ]  # fmt: skip
    users = {first.user_id, second.user_id, third.user_id}
    assert users <= tail_users
    assert {user.encode() for user in users} <= set(drained)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_long_lived_clients_are_accepted(secured: SecuredKafka, protocol: str) -> None:
    settings = secured.settings[protocol]
    handled: asyncio.Queue[tuple[Event, Delivery]] = asyncio.Queue()

    async def handle(event: Feedback, delivery: Delivery) -> None:
        await handled.put((event, delivery))

    service = KafkaService(f"tested-{uuid4()}", settings, CollectorRegistry())
    service.fast(FEEDBACK, handle)
    fetcher = RecordFetcher(settings)
    sent = like()
    await service.start()
    await fetcher.start()
    try:
        async with (
            asyncio.timeout(120),
            AsyncClient(settings, topics=(FEEDBACK,)) as app,
            app.listening(lambda record: record.key == sent.key.encode()) as received,
        ):
            await app.send(sent)
            record, event = await anext(received)
            while (await handled.get())[0] != sent:
                pass
            again = await fetcher.fetch(record.topic, record.partition, record.offset)
            assert await app.unavailable_because() is None
        assert await service.not_ready_because() is None
    finally:
        await service.stop()
        await fetcher.stop()
    assert event == sent
    assert again == record


async def _refused(settings: MessagingSettings) -> str:
    """The error with which long-lived clients are rejected."""
    with pytest.raises(Unavailable) as refused:
        await KafkaPublisher(settings, client_id="tested").start()
    with pytest.raises(Unavailable):
        await AsyncClient(settings).start()
    return str(refused.value)


@pytest.mark.parametrize(
    ("protocol", "changes"),
    [
        ("tls", {"kafka_security": "plaintext", "kafka_ca": None}),
        ("mtls", {"kafka_certificate": None, "kafka_key": None}),
        ("plain", {"kafka_password": "guessed"}),
        ("scram", {"kafka_password": "guessed"}),
        ("scram", {"kafka_user": "eve"}),
    ],
)
async def test_wrong_credentials_are_rejected(
    secured: SecuredKafka, protocol: str, changes: dict[str, Any]
) -> None:
    message = await _refused(secured.changed(protocol, **changes))
    assert PASSWORD not in message
    assert "guessed" not in message


async def test_a_client_certificate_of_an_unknown_authority_is_rejected(
    secured: SecuredKafka,
) -> None:
    forged = secured.untrusted.certify("an app")
    await _refused(
        secured.changed("mtls", kafka_certificate=forged.certificate, kafka_key=forged.key)
    )


async def test_a_server_certificate_of_an_unknown_authority_is_not_trusted(
    secured: SecuredKafka,
) -> None:
    await _refused(secured.changed("plain", kafka_ca=secured.untrusted.file))


async def test_a_server_certificate_for_another_host_is_not_trusted(secured: SecuredKafka) -> None:
    port = secured.settings["tls"].kafka_bootstrap_servers.rpartition(":")[2]
    await _refused(secured.changed("tls", kafka_bootstrap_servers=f"localhost:{port}"))


def test_short_lived_clients_with_wrong_credentials_are_rejected(
    wrong_password: "Future[Any]",
) -> None:
    with pytest.raises(Unavailable) as refused:
        wrong_password.result(timeout=120)
    assert "guessed" not in str(refused.value)
