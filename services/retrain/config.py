"""Settings of collecting events into the lake."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt


class RetrainSettings(BaseModel):
    """Settings of collecting; Kafka has its own settings."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    lake_uri: str = ".data/lake"
    """Folder or `s3://` address of the Delta tables that hold feeds and feedback."""
    s3_endpoint: str | None = None
    """Address of an S3-compatible store; without it, Amazon's. Credentials come from
    the environment, profile or role, as for every S3 client."""
    collect_minutes: PositiveFloat = 15.0
    """Minutes between two collections: short compared with Kafka's retention of days, and long
    enough that each file is large compared with its overhead."""
    collect_first_seconds: PositiveFloat = 5.0
    """Seconds from the start to the first collection. A short time, so that a service that is often
    restarted also collects."""
    collect_batch_records: PositiveInt = 5_000
    """Records of one commit to the lake; a feed of 300 images has 100 KB."""
    collect_batch_bytes: PositiveInt = 32 * 1024 * 1024
    """Bytes of one commit to the lake, all in memory at once."""
    compact_files: PositiveInt = 16
    """Number of files of one day from which they are compacted into one; four hours of
    collections."""
    lake_vacuum_days: PositiveInt = 7
    """Days after which files that compaction replaced are deleted; no reader needs them then."""
    retrain_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 means any free port."""
    health_host: str = "127.0.0.1"
    """Interface on which the health endpoints listen; `0.0.0.0` in a container."""
