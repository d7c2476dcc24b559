"""What every process that speaks Kafka must be told."""

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
Sasl = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class MessagingSettings(BaseModel):
    """Where Kafka is, how patient we are with it, and when too much goes wrong."""

    model_config = ConfigDict(frozen=True)

    kafka: str = "127.0.0.1:9092"
    """`host:port[,host:port]` of a cluster."""
    kafka_security: Security = "plaintext"
    """How the cluster is spoken to: `plaintext`, `ssl`, `sasl_ssl` or `sasl_plaintext`, which sends
    passwords that anybody on the way can use."""
    kafka_ca: Path | None = None
    """PEM file of the authorities that sign the cluster's certificates; without it, those that this
    machine trusts. Certificates and the names in them are always checked."""
    kafka_certificate: Path | None = None
    """PEM file of our own certificate and those that vouch for it, where the cluster asks for one
    (mutual TLS)."""
    kafka_key: Path | None = None
    """PEM file of that certificate's key; without it, the key is in the certificate's file."""
    kafka_key_password: SecretStr | None = None
    """Password of that key."""
    kafka_sasl: Sasl = "SCRAM-SHA-512"
    """How the password is proved: `SCRAM-SHA-512`, `SCRAM-SHA-256` or `PLAIN`."""
    kafka_user: str | None = None
    """Name that we log in with."""
    kafka_password: SecretStr | None = None
    """Password of that name."""
    otlp_endpoint: str | None = None
    """Address of an OpenTelemetry collector that takes OTLP over HTTP, such as
    `http://collector:4318`; without it spans stay in the process, and their ids in the log."""
    instance_id: str | None = None
    """Name of this instance that outlives its process, such as a pod's in a stateful set. One that
    was killed then gets its partitions back at once, not after the session timeout. No two running
    instances of a service may share it."""
    topic_partitions: PositiveInt = 6
    """Partitions of a topic that we create: the most instances of a service that share the work."""
    topic_replication: PositiveInt = 1
    """Copies of each partition of a topic that we create; 3 on a cluster, 1 on one machine."""
    events_in_flight: PositiveInt = 32
    """Events in work at once on the slow path: enough to fill the model's batches."""
    events_span: PositiveInt = 1000
    """Most events between the oldest unfinished one of a partition and the newest in work; a crash
    repeats at most so many."""
    commit_seconds: PositiveFloat = 1.0
    """Seconds between commits; what finished since the last one is repeated after a crash."""
    drain_seconds: PositiveFloat = 20.0
    """Seconds that work in flight gets to finish when a partition goes or the process stops; less
    than the rebalance timeout, which is the longest poll interval."""
    session_timeout_seconds: PositiveFloat = 45.0
    """Seconds without a heartbeat until the group gives our partitions away; Kafka's own default
    for clients of its kind, and longer than any pause of ours."""
    max_poll_seconds: PositiveFloat = 600.0
    """Seconds between two fetches until the group thinks us dead: ten times the slowest event."""
    retry_first_seconds: PositiveFloat = 0.2
    """Seconds before the first retry; each further wait is twice as long."""
    retry_longest_seconds: PositiveFloat = 15.0
    """Longest wait between two retries, so that a part that comes back is noticed soon."""
    retries: NonNegativeInt = 5
    """Retries of one event when a part is unavailable: about six seconds in all, after which the
    slow path goes on waiting with the event and the fast path gives the partition back."""
    bug_attempts: PositiveInt = 3
    """Attempts at an event that fails for no known reason before it becomes a dead letter."""
    dead_letter_share: float = Field(default=0.5, gt=0, le=1)
    """Share of the latest events that may become dead letters; beyond it the process stops, since
    a bad deploy must not bury a day of feedback."""
    dead_letter_sample: PositiveInt = 200
    """Events that the share is counted over; fewer than a quarter of them prove nothing."""
    stuck_seconds: PositiveFloat = 300.0
    """Seconds an event may be in work, or lie unread, until `/healthz` says that we are stuck."""

    @property
    def uses_tls(self) -> bool:
        return self.kafka_security in ("ssl", "sasl_ssl")

    @property
    def uses_sasl(self) -> bool:
        return self.kafka_security.startswith("sasl_")

    @model_validator(mode="after")
    def _proofs_and_security_belong_together(self) -> Self:
        # A password that is set and not used would leave somebody in the belief that it is.
        proofs = {
            "kafka_user": self.uses_sasl,
            "kafka_password": self.uses_sasl,
            "kafka_ca": self.uses_tls,
            "kafka_certificate": self.uses_tls,
        }
        for name, used in proofs.items():
            if getattr(self, name) is not None and not used:
                raise ValueError(
                    f"PREFERSTREAM_{name.upper()} is set, and with PREFERSTREAM_KAFKA_SECURITY"
                    f" {self.kafka_security} it would not be used; set `ssl` or `sasl_ssl`"
                )
        if self.uses_sasl and (self.kafka_user is None or self.kafka_password is None):
            raise ValueError(
                f"PREFERSTREAM_KAFKA_SECURITY {self.kafka_security} needs PREFERSTREAM_KAFKA_USER"
                " and PREFERSTREAM_KAFKA_PASSWORD"
            )
        return self
