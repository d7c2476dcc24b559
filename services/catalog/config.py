"""Settings of the catalog service."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt


class CatalogSettings(BaseModel):
    """Settings of the catalog service; Kafka, model, images and store have their own settings."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    indexing_images_in_work: PositiveInt = 32
    """Images that are loaded for the catalog at the same time or wait in memory for the model, up
    to 3 MB each. Slow image hosts delay only their own images."""
    indexing_batch_size: PositiveInt = 16
    """Largest number of images that are encoded and described together. Background work at the
    model has smaller batches while one takes longer than
    `PREFERSTREAM_BACKGROUND_BATCH_SECONDS`."""
    indexing_waiting_images: PositiveInt = 100_000
    """Waiting images whose ids are in memory, about 40 MB. The store knows the others, and is read
    again when these are indexed."""
    indexing_retry_seconds: PositiveFloat = 30.0
    """Pause before an image is tried again whose host did not answer. Each further pause is twice
    as long, up to `PREFERSTREAM_INDEXING_RETRY_MAX_SECONDS`."""
    indexing_retry_max_seconds: PositiveFloat = 3_600.0
    """Longest pause before an image is tried again whose host did not answer."""
    catalog_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 means any free port."""
    health_host: str = "127.0.0.1"
    """Interface on which the health endpoints listen; `0.0.0.0` in a container."""
