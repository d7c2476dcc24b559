"""What the operations service can be told: where it listens, who may do what, and how much."""

from pathlib import Path

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
)


class OpsSettings(BaseModel):
    """Settings of dashboard and gateway; those of Kafka, images and store stand beside it."""

    model_config = ConfigDict(frozen=True)

    ops_host: str = "127.0.0.1"
    """Interface that dashboard and gateway listen on. Any but loopback needs tokens."""
    ops_port: NonNegativeInt = Field(default=8420, le=65_535)
    """Port of dashboard and gateway; 0 takes a free one, and so does a default that is taken."""
    ops_tokens: Path | None = None
    """File of the bearer tokens' names, roles and hashes (`services/ops/README.md`). Without it
    whoever reaches the port may do everything, which is why only loopback goes without."""
    ops_names: tuple[str, ...] = ()
    """Host names, colon-separated, that browsers may use for us besides loopback's own."""
    ops_proxies: tuple[str, ...] = ()
    """Addresses, colon-separated, of the proxies before us that end TLS: they say where a request
    came from and whether it was `https`. Nobody else is believed."""
    ops_session_key: SecretStr | None = None
    """Secret that signs the dashboard's sessions; the same for all instances behind one address.
    Without it each process draws its own, and a restart signs everybody out."""
    ops_session_hours: PositiveFloat = 12.0
    """Hours until a person signs in again: a working day."""
    ops_requests_per_second: PositiveFloat = 50.0
    """Requests a second that one token may make for long; without tokens, one address."""
    ops_request_burst: PositiveInt = 200
    """Requests that one token may make at once after a pause."""
    ops_max_body_bytes: PositiveInt = 8 * 1024 * 1024
    """Bytes of one request: an event of Kafka's largest size, or an upload of a few pictures."""
    ops_samples: Path | None = None
    """Folder of up to 200 picture files that the playground offers; without it, drawings and
    photographs that come along."""
    ops_stop_seconds: PositiveInt = 5
    """Seconds that requests in work get to finish when the process stops."""
