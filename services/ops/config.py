"""Settings of the operations service: address, access, limits."""

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
    """Settings of dashboard and gateway. Kafka, images and the store have their own settings."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    ops_host: str = "127.0.0.1"
    """Interface that dashboard and gateway listen on. Every interface but loopback needs tokens."""
    ops_port: NonNegativeInt = Field(default=8420, le=65_535)
    """Port of dashboard and gateway. 0 means any free port. If the default port is in use, the
    service also takes a free one."""
    ops_tokens: Path | None = None
    """File with names, roles and hashes of the bearer tokens (`services/ops/README.md`). Without
    it every caller has all rights, so only loopback works without it."""
    ops_allowed_hosts: tuple[str, ...] = ()
    """Host names, separated by colons, that browsers may use for this service, in addition to
    those of loopback."""
    ops_trusted_proxies: tuple[str, ...] = ()
    """Addresses, separated by colons, of the proxies that terminate TLS in front of this service.
    Only from them does it accept `X-Forwarded-For` and `X-Forwarded-Proto`."""
    ops_session_key: SecretStr | None = None
    """Secret key that signs the sessions of the dashboard; the same for all instances behind one
    address. Without it each process creates its own key, and a restart ends every session."""
    ops_session_hours: PositiveFloat = Field(default=12.0, le=8_784)
    """Hours until a user must sign in again: a working day."""
    ops_requests_per_second: PositiveFloat = 50.0
    """Requests per second that one token may send over a long time; without tokens, one address."""
    ops_request_burst: PositiveInt = 200
    """Requests that one token may send at once after a pause."""
    ops_max_body_bytes: PositiveInt = 8 * 1024 * 1024
    """Largest request in bytes: an event of the largest size in Kafka, or a few pictures."""
    ops_samples: Path | None = None
    """Folder with pictures for the playground, with its subfolders; up to 200 are offered. Without
    it, the playground offers real pictures that Python packages bring, and generated drawings."""
    ops_stop_seconds: PositiveInt = 5
    """Seconds that open requests have to finish when the process stops."""
