"""Build FastStream's security object: TLS and login."""

from typing import Final

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.messaging.client.connection import sasl_password, tls_context
from shared.messaging.client.settings import MessagingSettings

_SASL: Final = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}


def faststream_security(settings: MessagingSettings) -> BaseSecurity:
    """The security object of a FastStream broker; raises `InvalidSettings`."""
    context = tls_context(settings) if settings.uses_tls else None
    if not settings.uses_sasl:
        return BaseSecurity(ssl_context=context, use_ssl=settings.uses_tls)
    return _SASL[settings.kafka_sasl_mechanism](
        username=settings.kafka_user or "",
        password=sasl_password(settings),
        ssl_context=context,
        use_ssl=settings.uses_tls,
    )
