"""What the watch can be told."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat


class WatchSettings(BaseModel):
    """Settings of the watch; those of Kafka stand beside it."""

    model_config = ConfigDict(frozen=True)

    watch_seconds: PositiveFloat = 15.0
    """Seconds between two looks at the cluster: as often as Prometheus scrapes. A look takes Kafka
    about a tenth of a second."""
    watch_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one."""
    health_host: str = "127.0.0.1"
    """Interface that the health endpoints listen on; `0.0.0.0` in a container."""
