"""Settings of the monitor service."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat


class MonitorSettings(BaseModel):
    """Settings of the monitor; those of Kafka are `MessagingSettings`."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    monitor_interval_seconds: PositiveFloat = 15.0
    """Seconds between two polls of the cluster: Prometheus' scrape interval. One poll takes Kafka
    about a tenth of a second."""
    monitor_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one."""
    health_host: str = "127.0.0.1"
    """Interface that the health endpoints listen on; `0.0.0.0` in a container."""
