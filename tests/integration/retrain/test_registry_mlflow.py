"""The real MLflow on SQLite: versions once, aliases that move, and a server that is not there."""

import socket
from pathlib import Path

import pytest

from services.retrain.registry.mlflow_mirror import MlflowMirror, sqlite_uri
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.model_package import ModelPackage

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


@pytest.fixture(scope="module")
def aliases(tmp_path_factory: pytest.TempPathFactory) -> MlflowMirror:
    return MlflowMirror(sqlite_uri(tmp_path_factory.mktemp("mlflow")), model="nano")


def test_aliases_follow_promotion_trial_and_rollback(aliases: MlflowMirror) -> None:
    for version in ("nano-1", "nano-2", "nano-2"):
        aliases.register(_package(version), uri=f"file:///models/{version}")
    aliases.point("champion", "nano-1")
    aliases.point("challenger", "nano-2")
    assert aliases.aliases() == {"champion": "nano-1", "challenger": "nano-2"}
    aliases.point("champion", "nano-2")
    aliases.point("challenger", None)
    assert aliases.aliases() == {"champion": "nano-2"}


def test_a_second_process_finds_what_the_first_registered(aliases: MlflowMirror) -> None:
    again = MlflowMirror(aliases._uri, model="nano")
    again.register(_package("nano-2"), uri="file:///models/nano-2")
    assert again.aliases()["champion"] == "nano-2"


def test_an_alias_that_is_not_there_can_be_taken_away(aliases: MlflowMirror) -> None:
    aliases.point("challenger", None)
    assert "challenger" not in aliases.aliases()


def test_a_server_that_is_not_there_is_told_of_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: a connection is refused.
        away = MlflowMirror(f"http://127.0.0.1:{taken.getsockname()[1]}", model="nano")
        with pytest.raises(Unavailable, match="PREFERSTREAM_MLFLOW_TRACKING_URI"):
            away.register(_package("nano-2"), uri="file:///models/nano-2")
