"""Build the connection options of Kafka clients: addresses, TLS and login.

aiokafka and kafka-python take the same option names; FastStream's own object is in
`broker_security`.
"""

import ssl
from typing import Any

from shared.domain.errors import Unavailable
from shared.messaging.batches.install import install_batch_readers
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings

Kafka = str | MessagingSettings
"""`host:port[,host:port]` of a cluster without TLS and login, or all settings."""


def settings_of(kafka: Kafka) -> MessagingSettings:
    if isinstance(kafka, MessagingSettings):
        return kafka
    return MessagingSettings(kafka_bootstrap_servers=kafka)


def connection(settings: MessagingSettings) -> dict[str, Any]:
    """Options for aiokafka and kafka-python; raises `InvalidSettings` for an unusable file.

    Every client is built from these, so every client reads all codecs and any header name.
    """
    install_batch_readers()
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "security_protocol": settings.kafka_security.upper(),
    }
    if settings.uses_tls:
        options["ssl_context"] = tls_context(settings)
    if settings.uses_sasl:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_user
        options["sasl_plain_password"] = sasl_password(settings)
    return options


def no_answer_from(settings: MessagingSettings, error: Exception) -> Unavailable:
    """The error for brokers that did not answer kafka-python."""
    return Unavailable(
        "kafka",
        f"{settings.kafka_bootstrap_servers} did not answer: {type(error).__name__}: {error}."
        " Check that the broker runs and listens there",
    )


def tls_context(settings: MessagingSettings) -> ssl.SSLContext:
    """A context that checks certificates and the host names in them. Raises `InvalidSettings`."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSettings(
            f"PREFERSTREAM_KAFKA_CA: {settings.kafka_ca} is not a file of PEM certificates: {error}"
        ) from error
    if settings.kafka_certificate is not None:
        password = settings.kafka_key_password
        try:
            context.load_cert_chain(
                settings.kafka_certificate,
                settings.kafka_key,
                # Without a password, OpenSSL waits for one on the terminal, and a service hangs.
                password=password.get_secret_value() if password else "",
            )
        except (OSError, ssl.SSLError) as error:
            raise InvalidSettings(
                f"PREFERSTREAM_KAFKA_CERTIFICATE: {settings.kafka_certificate} with the key"
                f" {settings.kafka_key or 'in it'} cannot be used: {error}; both are PEM, the key"
                " belongs to the first certificate, and PREFERSTREAM_KAFKA_KEY_PASSWORD opens it"
            ) from error
    return context


def sasl_password(settings: MessagingSettings) -> str:
    """The password of the login; empty without one."""
    return settings.kafka_password.get_secret_value() if settings.kafka_password else ""
