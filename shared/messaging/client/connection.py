"""Say where Kafka is and how to prove who we are: one answer for every client there is.

aiokafka and kafka-python take the same names; FastStream's own object is in `broker_security`.
"""

import ssl
from typing import Any

from shared.messaging.client.header_compat import read_any_header_name
from shared.messaging.client.settings import MessagingSettings
from shared.settings import WrongSettings

Kafka = str | MessagingSettings
"""`host:port[,host:port]` of a cluster that asks for nothing, or all settings."""


def settings_of(kafka: Kafka) -> MessagingSettings:
    return kafka if isinstance(kafka, MessagingSettings) else MessagingSettings(kafka=kafka)


def connection(settings: MessagingSettings) -> dict[str, Any]:
    """What aiokafka and kafka-python are told; raises `WrongSettings` for a file that is no use.

    Every client is made with it, and so reads whatever names of headers others have written.
    """
    read_any_header_name()
    told: dict[str, Any] = {
        "bootstrap_servers": settings.kafka.split(","),
        "security_protocol": settings.kafka_security.upper(),
    }
    if settings.uses_tls:
        told["ssl_context"] = tls_context(settings)
    if settings.uses_sasl:
        told["sasl_mechanism"] = settings.kafka_sasl
        told["sasl_plain_username"] = settings.kafka_user
        told["sasl_plain_password"] = password_of(settings)
    return told


def tls_context(settings: MessagingSettings) -> ssl.SSLContext:
    """Certificates are always checked, and so is the name in them. Raises `WrongSettings`."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca)
    except (OSError, ssl.SSLError) as error:
        raise WrongSettings(
            f"PREFERSTREAM_KAFKA_CA: {settings.kafka_ca} is no file of PEM certificates: {error}"
        ) from error
    if settings.kafka_certificate is not None:
        password = settings.kafka_key_password
        try:
            context.load_cert_chain(
                settings.kafka_certificate,
                settings.kafka_key,
                # Without one, OpenSSL would ask on the terminal, and a service would hang there.
                password=password.get_secret_value() if password else "",
            )
        except (OSError, ssl.SSLError) as error:
            raise WrongSettings(
                f"PREFERSTREAM_KAFKA_CERTIFICATE: {settings.kafka_certificate} with the key"
                f" {settings.kafka_key or 'in it'} cannot be used: {error}; both are PEM, the key"
                " belongs to the first certificate, and PREFERSTREAM_KAFKA_KEY_PASSWORD opens it"
            ) from error
    return context


def password_of(settings: MessagingSettings) -> str:
    """The password that we log in with; empty without one."""
    return settings.kafka_password.get_secret_value() if settings.kafka_password else ""
