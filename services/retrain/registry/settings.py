"""Settings of the folder of model versions and of MLflow."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class RegistrySettings(BaseModel):
    """Settings of the registry."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    models_dir: Path | None = None
    """Folder of all versions, one folder each; with several machines, a disk that all of them
    mount. Without it, `models` in the data folder."""
    mlflow_tracking_uri: str | None = None
    """Address of an MLflow server, or a `sqlite:///` file, that shows versions and aliases.
    Without it, `mlflow.db` in the data folder, where MLflow is installed."""
