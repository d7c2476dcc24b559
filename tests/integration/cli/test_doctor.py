"""The doctor checks every server and folder of a deployment, and advises what to do."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from services.cli.doctor.check_result import CheckResult
from services.cli.doctor.deployment_checks import check_deployment
from services.ops.auth.tokens import new_token

KEY = "right"


class _FakeServer(BaseHTTPRequestHandler):
    """Answers as Qdrant and MLflow do."""

    def do_GET(self) -> None:
        wrong = self.path == "/collections" and self.headers.get("api-key") != KEY
        self.send_response(401 if wrong else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _FakeServer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _check(name: str) -> CheckResult:
    (result,) = (result for result in check_deployment() if result.name == name)
    return result


@pytest.fixture(autouse=True)
def no_other_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_system_on_one_machine_needs_no_deployment_check() -> None:
    assert check_deployment() == []


def test_a_store_is_ok_with_the_right_key_only(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("PREFERSTREAM_QDRANT_URL", address)
    monkeypatch.setenv("PREFERSTREAM_QDRANT_API_KEY", "wrong")
    result = _check("Qdrant")
    assert not result.ok
    assert "401" in result.detail
    assert "PREFERSTREAM_QDRANT_API_KEY" in result.advice
    assert "wrong" not in result.detail + result.advice
    monkeypatch.setenv("PREFERSTREAM_QDRANT_API_KEY", KEY)
    assert _check("Qdrant").ok


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("PREFERSTREAM_QDRANT_URL", "Qdrant"),
        ("PREFERSTREAM_MLFLOW_TRACKING_URI", "MLflow"),
        ("PREFERSTREAM_OTLP_ENDPOINT", "traces"),
    ],
)
def test_an_unreachable_server_is_reported_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, name: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    result = _check(name)
    assert not result.ok
    assert variable in result.advice


def test_servers_that_answer_are_ok(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("PREFERSTREAM_OTLP_ENDPOINT", address)
    assert all(result.ok for result in check_deployment())


@pytest.mark.parametrize("wrong", ["collector:4318", "ftp://collector", "http://"])
def test_an_invalid_address_is_reported(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_OTLP_ENDPOINT", wrong)
    assert "not an http address" in _check("traces").detail


def test_an_unreachable_lake_is_reported(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_LAKE_URI", "s3://nowhere/lake")
    monkeypatch.setenv("PREFERSTREAM_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    result = _check("lake")
    assert not result.ok
    assert "PREFERSTREAM_LAKE_URI" in result.advice


@pytest.mark.parametrize(
    ("name", "variable"),
    [("models", "PREFERSTREAM_MODELS_DIR"), ("training jobs", "PREFERSTREAM_TRAINING_JOBS_DIR")],
)
def test_a_folder_that_is_not_mounted_is_reported(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / name))
    result = _check(name)
    assert not result.ok
    assert variable in result.advice
    (tmp_path / name).mkdir()
    assert _check(name).ok


def test_a_dashboard_that_other_machines_can_reach_needs_tokens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PREFERSTREAM_OPS_HOST", "0.0.0.0")
    assert "without tokens" in _check("dashboard").detail
    file = tmp_path / "tokens.toml"
    monkeypatch.setenv("PREFERSTREAM_OPS_TOKENS", str(file))
    assert "cannot be read" in _check("dashboard").detail
    _, lines = new_token("ada", "operate", None)
    file.write_text(lines, encoding="utf-8")
    assert _check("dashboard").ok


@pytest.mark.kafka
def test_with_one_broker_one_replica_is_ok(monkeypatch: pytest.MonkeyPatch, kafka: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS", kafka)
    result = _check("replication")
    assert result.ok
    assert "1 broker" in result.detail
