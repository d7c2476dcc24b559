"""The mirror on a real MLflow with SQLite, and a server that does not answer."""

import socket
from pathlib import Path

import pytest

from services.retrain.registry.mlflow_mirror import VERSION_TAG, MlflowMirror, sqlite_uri
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.model_package import ModelPackage
from tests.support.folder_names import NAMES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def _package(version: str) -> ModelPackage:
    return ModelPackage(
        Path("/models") / version, "nano", version, "adapter", "0" * 64, "1",
        metrics=(("held_out_difference", 0.03),), reason="better",
    )  # fmt: skip


def _aliases(mirror: MlflowMirror) -> dict[str, str]:
    """Our version behind each alias, read by MLflow's own client."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=mirror._uri, registry_uri=mirror._uri)
    numbers = client.get_registered_model("nano").aliases
    return {
        alias: client.get_model_version("nano", number).tags[VERSION_TAG]
        for alias, number in numbers.items()
    }


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> MlflowMirror:
    return MlflowMirror(sqlite_uri(tmp_path_factory.mktemp("mlflow")), model="nano")


def test_aliases_follow_promotion_trial_and_rollback(mirror: MlflowMirror) -> None:
    for version in ("nano-1", "nano-2", "nano-2"):
        mirror.register(_package(version), uri=f"file:///models/{version}")
    mirror.point("champion", "nano-1")
    mirror.point("challenger", "nano-2")
    assert _aliases(mirror) == {"champion": "nano-1", "challenger": "nano-2"}
    mirror.point("champion", "nano-2")
    mirror.point("challenger", None)
    assert _aliases(mirror) == {"champion": "nano-2"}


def test_a_second_process_sees_the_registered_versions(mirror: MlflowMirror) -> None:
    again = MlflowMirror(mirror._uri, model="nano")
    again.register(_package("nano-2"), uri="file:///models/nano-2")
    assert _aliases(again)["champion"] == "nano-2"


def test_a_missing_alias_can_be_removed(mirror: MlflowMirror) -> None:
    mirror.point("challenger", None)
    assert "challenger" not in _aliases(mirror)


def test_the_error_of_a_missing_server_names_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: a connection is refused.
        unavailable = MlflowMirror(f"http://127.0.0.1:{taken.getsockname()[1]}", model="nano")
        with pytest.raises(Unavailable, match="PREFERSTREAM_MLFLOW_TRACKING_URI"):
            unavailable.register(_package("nano-2"), uri="file:///models/nano-2")


def test_the_database_is_in_the_data_folder_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*(name for name in NAMES if len(name) < 100))
    folder.mkdir(parents=True)
    mirror = MlflowMirror(sqlite_uri(folder), model="nano")
    mirror.register(_package("one"), uri="file:///models/one")
    mirror.point("champion", "one")
    assert _aliases(mirror) == {"champion": "one"}
    assert [entry.name for entry in folder.iterdir()] == ["mlflow.db"]
    assert [entry.name for entry in tmp_path.iterdir()] == [NAMES[0]]
