"""Settings of every process that uses Kafka."""

from pathlib import Path
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)

Security = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
IsolationLevel = Literal["read_committed", "read_uncommitted"]
Sasl = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class MessagingSettings(BaseModel):
    """Address and security of Kafka, time limits, and limits for failures."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    """Addresses of the cluster's brokers: `host:port[,host:port]`."""
    kafka_security: Security = "plaintext"
    """Security protocol: `plaintext`, `ssl`, `sasl_ssl` or `sasl_plaintext`. The last one sends
    passwords without encryption."""
    kafka_ca: Path | None = None
    """PEM file of the authorities that sign the cluster's certificates; without it, the authorities
    of this machine. Certificates and the host names in them are always checked."""
    kafka_certificate: Path | None = None
    """PEM file of the client certificate and its chain, for clusters with mutual TLS."""
    kafka_key: Path | None = None
    """PEM file of the client's key; without it, the key is in the certificate's file."""
    kafka_key_password: SecretStr | None = None
    """Password of the client key."""
    kafka_sasl_mechanism: Sasl = "SCRAM-SHA-512"
    """SASL mechanism of the login: `SCRAM-SHA-512`, `SCRAM-SHA-256` or `PLAIN`."""
    kafka_user: str | None = None
    """User name of the login."""
    kafka_password: SecretStr | None = None
    """Password of the login."""
    kafka_isolation_level: IsolationLevel = "read_committed"
    """Which records are read: with `read_committed`, no records of aborted transactions, and those
    of an open transaction when it ends. Until then the later records of its partition wait too, for
    at most the transaction timeout of its producer. `read_uncommitted` reads all at once."""
    otlp_endpoint: str | None = None
    """Address of an OpenTelemetry collector that accepts OTLP over HTTP, such as
    `http://collector:4318`; without it spans are not exported, but their ids are in the log."""
    instance_id: str | None = None
    """Name of this instance that stays the same after a restart, such as the name of a pod in a
    stateful set (Kafka's `group.instance.id`). A killed instance then gets its partitions back at
    once, not after the session timeout. Two running instances of a service must not share it."""
    topic_partitions: PositiveInt = 6
    """Partitions of a topic that we create: the largest number of instances that share the work."""
    topic_replication: PositiveInt = 1
    """Replicas of each partition of a topic that we create; 3 on a cluster, 1 on one machine."""
    events_in_flight: PositiveInt = 32
    """Events processed concurrently on the slow path: enough to fill the model's batches. Topics
    whose events mostly wait for image hosts have their own, larger number."""
    events_in_flight_bytes: PositiveInt = 64 * 1024 * 1024
    """Largest sum of the bytes of the values in flight of one topic: 64 MiB, so that many large
    events do not fill the memory. One event is always accepted."""
    events_span: PositiveInt = 1000
    """Largest distance, in offsets, from the oldest unfinished event of a partition to the newest
    event in flight; a crash repeats at most this many. At least the number of events in flight."""
    commit_seconds: PositiveFloat = 1.0
    """Seconds between commits; events finished after the last commit are repeated after a crash."""
    drain_seconds: PositiveFloat = 20.0
    """Seconds that events in flight get to finish when a partition is revoked or the process stops;
    less than the rebalance timeout, which is the longest poll interval."""
    session_timeout_seconds: PositiveFloat = 45.0
    """Seconds without a heartbeat until the group reassigns our partitions; the default of Kafka's
    own clients, and longer than any pause of our event loop."""
    max_poll_seconds: PositiveFloat = 600.0
    """Seconds between two polls until the group removes this consumer: ten times the slowest
    event."""
    retry_base_seconds: PositiveFloat = 0.2
    """Seconds before the first retry; each further wait is twice as long."""
    retry_max_seconds: PositiveFloat = 15.0
    """Longest wait between two retries, so that a recovered dependency is noticed soon."""
    retries: NonNegativeInt = 5
    """Retries of one event while a dependency is unavailable: about six seconds in all. After them
    the slow path continues to wait with the event, and the fast path rewinds the partition."""
    bug_attempts: PositiveInt = 3
    """Attempts at an event that fails with an unknown error before it becomes a dead letter."""
    dead_letter_max_ratio: float = Field(default=0.5, gt=0, le=1)
    """Largest ratio of dead letters among the latest events. Above it the process stops: a bad
    deployment must not turn a day of feedback into dead letters."""
    dead_letter_window: PositiveInt = 200
    """Number of latest events over which the ratio is computed; it is not judged before a quarter
    of them have arrived."""
    liveness_timeout_seconds: PositiveFloat = 300.0
    """Seconds that an event may be in flight, or stay unread, until `/healthz` fails."""

    @property
    def uses_tls(self) -> bool:
        return self.kafka_security in ("ssl", "sasl_ssl")

    @property
    def uses_sasl(self) -> bool:
        return self.kafka_security.startswith("sasl_")

    @model_validator(mode="after")
    def _credentials_match_the_protocol(self) -> Self:
        # A password that is set but not used would look like protection.
        used_by = {
            "kafka_user": self.uses_sasl,
            "kafka_password": self.uses_sasl,
            "kafka_ca": self.uses_tls,
            "kafka_certificate": self.uses_tls,
        }
        for name, used in used_by.items():
            if getattr(self, name) is not None and not used:
                raise ValueError(
                    f"PREFERSTREAM_{name.upper()} is set, but PREFERSTREAM_KAFKA_SECURITY"
                    f" {self.kafka_security} does not use it; set `ssl` or `sasl_ssl`"
                )
        if self.uses_sasl and (self.kafka_user is None or self.kafka_password is None):
            raise ValueError(
                f"PREFERSTREAM_KAFKA_SECURITY {self.kafka_security} needs PREFERSTREAM_KAFKA_USER"
                " and PREFERSTREAM_KAFKA_PASSWORD"
            )
        return self
