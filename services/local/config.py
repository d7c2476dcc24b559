"""What one machine needs to be told: where to keep its data, and which Kafka to use."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveFloat


class LocalSettings(BaseModel):
    """Settings of the embedded default; each service adds its own."""

    model_config = ConfigDict(frozen=True)

    kafka: str | None = None
    """`host:port[,host:port]` of an existing cluster; without it one is started here."""
    data_dir: Path = Path(".data")
    """Folder of all state: Kafka's log, the profiles, and where everything listens."""
    kafka_start_timeout_seconds: PositiveFloat = 90.0
    """A warm start takes about 4 s; a loaded laptop that recovers a log may take ten times that."""
    ready_timeout_seconds: PositiveFloat = 120.0
    """From Kafka's start to consumers that own their partitions; a warm start takes a few."""
