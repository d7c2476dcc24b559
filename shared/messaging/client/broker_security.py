"""Say to FastStream how to prove who we are."""

from typing import Final

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.messaging.client.connection import password_of, tls_context
from shared.messaging.client.settings import MessagingSettings

_SASL: Final = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}


def faststream_security(settings: MessagingSettings) -> BaseSecurity:
    """What FastStream is told; raises `WrongSettings`."""
    context = tls_context(settings) if settings.uses_tls else None
    if not settings.uses_sasl:
        return BaseSecurity(ssl_context=context, use_ssl=settings.uses_tls)
    return _SASL[settings.kafka_sasl](
        username=settings.kafka_user or "",
        password=password_of(settings),
        ssl_context=context,
        use_ssl=settings.uses_tls,
    )
