"""A job by hand knows the model server that `preferstream up --model-server` has started."""

from pathlib import Path

import pytest

from services.cli.connection import ConnectionSettings
from services.cli.verbs.models.night import _as_served, _system
from services.local.runtime_file import RuntimeFile, write_runtime_file
from services.retrain.jobs.settings import TrainingSettings

SERVER = "http://127.0.0.1:8000"


@pytest.mark.parametrize("server", [None, SERVER])
def test_the_server_of_the_running_system_is_taken(tmp_path: Path, server: str | None) -> None:
    write_runtime_file(tmp_path, RuntimeFile(kafka="k:1", model_server=server))
    training = TrainingSettings.read(data_dir=tmp_path, roots=())
    with _system(ConnectionSettings(data_dir=tmp_path)) as system:
        assert _as_served(training, system).model.model_server == server


def test_without_a_running_system_the_settings_hold(tmp_path: Path) -> None:
    training = TrainingSettings.read(data_dir=tmp_path, roots=())
    settings = ConnectionSettings(data_dir=tmp_path, kafka_bootstrap_servers="k:1")
    with _system(settings) as system:
        assert system.kafka == "k:1"
        assert _as_served(training, system) is training
