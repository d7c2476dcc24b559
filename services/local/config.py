"""Define the settings of a system on one machine: its data folder and its Kafka."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat


class LocalSettings(BaseModel):
    """Settings of `preferstream up`; each service adds its own."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    kafka_bootstrap_servers: str | None = None
    """`host:port[,host:port]` of an existing cluster; without it, a Kafka is started here."""
    data_dir: Path = Path(".data")
    """Folder of all state: Kafka's log, profiles, lake, and the file with the addresses."""
    kafka_start_timeout_seconds: PositiveFloat = 90.0
    """A warm start takes about 3 s; a busy laptop that recovers a log may take ten times that."""
    ready_timeout_seconds: PositiveFloat = 120.0
    """From Kafka's start until all consumers own their partitions; usually a few seconds."""
    disk_warning_megabytes: NonNegativeInt = 2048
    """Free space of the data folder below which `up` logs a warning and `doctor` reports a problem:
    Kafka's log, the profiles and the checkpoints of a few days."""
    disk_stop_megabytes: NonNegativeInt = 64
    """Free space below which `up` stops: enough to close Kafka's log and the stores cleanly."""
