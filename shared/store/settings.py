"""Settings of the Qdrant store: a server, or a folder of this process."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, SecretStr


class StoreSettings(BaseModel):
    """Settings of the store for profiles and images."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    qdrant_url: str | None = None
    """Address of a Qdrant server or cluster; without it, this process alone uses a folder."""
    qdrant_api_key: SecretStr | None = None
    """API key of that server; use it with `https:` only."""
    qdrant_ca: Path | None = None
    """PEM file with the certificate authorities that sign that server's certificate; without it,
    those that this machine trusts."""
    qdrant_path: Path = Path(".data/qdrant")
    """Folder of the embedded Qdrant; one process at a time can open it. Collections that an earlier
    release wrote there are moved into the new format once."""
    qdrant_timeout_seconds: PositiveFloat = 5.0
    """Seconds that a request to the server may take; it usually answers in milliseconds."""
    recent_images_mb: NonNegativeInt = 128
    """Megabytes for descriptions and vectors of the latest images in memory, half for each, for ten
    minutes after they were read: 6,700 descriptions and 12,000 vectors. Ranking without the model
    then needs milliseconds. 0 reads the store for each request."""
    feed_cursor_key: SecretStr | None = Field(default=None, min_length=16)
    """Secret key of at least 16 characters that signs the cursors of feeds; the same for all
    instances. Without it, the first instance makes a key and keeps it in the store. Another key
    ends the feeds that apps are paging through."""
