"""Find the data lake: from the settings, or in the data folder of the local system."""

from services.cli.connection import ConnectionSettings
from services.retrain.config import RetrainSettings
from shared.settings import from_environment


def lake_settings() -> RetrainSettings:
    """Settings with the configured lake, or else the lake of the data folder."""
    lake = from_environment(RetrainSettings)
    if "lake_uri" in lake.model_fields_set:
        return lake
    data_dir = from_environment(ConnectionSettings).data_dir
    return lake.model_copy(update={"lake_uri": str(data_dir / "lake")})
