"""Where versions of the model are kept, and which registry shows them."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class RegistrySettings(BaseModel):
    """Settings of the registry."""

    model_config = ConfigDict(frozen=True)

    models_dir: Path | None = None
    """Folder of all versions, one folder each; on several machines a disk that all of them see.
    Without it, `models` in the data folder."""
    mlflow: str | None = None
    """Address of an MLflow server or `sqlite:///` file that shows versions and their aliases.
    Without it, `mlflow.db` in the data folder, where MLflow is installed."""
