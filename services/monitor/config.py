"""Settings of the monitor service."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat


class MonitorSettings(BaseModel):
    """Settings of the monitor; Kafka has its own settings."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    monitor_interval_seconds: PositiveFloat = 15.0
    """Seconds between two polls of the cluster: the scrape interval of Prometheus. One poll takes
    about a tenth of a second."""
    monitor_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 means any free port."""
    health_host: str = "127.0.0.1"
    """Interface on which the health endpoints listen; `0.0.0.0` in a container."""
