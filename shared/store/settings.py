"""Where Qdrant is: a server, or a folder of this process's own."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveFloat, SecretStr


class StoreSettings(BaseModel):
    """Settings of the store for profiles and images."""

    model_config = ConfigDict(frozen=True)

    qdrant_url: str | None = None
    """Address of a Qdrant server or cluster; without it, a folder is used by this process alone."""
    qdrant_api_key: SecretStr | None = None
    """Key of that server; send it over `https:` alone."""
    qdrant_ca: Path | None = None
    """PEM file of the authorities that sign that server's certificate; without it, those that this
    machine trusts."""
    qdrant_path: Path = Path(".data/qdrant")
    """Folder of the embedded Qdrant; one process at a time can open it."""
    qdrant_timeout_seconds: PositiveFloat = 5.0
    """Seconds that a question to the server may take; it answers in milliseconds."""
