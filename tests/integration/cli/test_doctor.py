"""The doctor looks at every part that a deployment names, and says what to do about it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from services.cli.doctor.check_result import CheckResult
from services.cli.doctor.deployment_checks import check_deployment
from services.ops.auth.tokens import new_token

KEY = "right"


class _Parts(BaseHTTPRequestHandler):
    """Answers as Qdrant and MLflow do."""

    def do_GET(self) -> None:
        wrong = self.path == "/collections" and self.headers.get("api-key") != KEY
        self.send_response(401 if wrong else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is its own."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Parts) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _finding(part: str) -> CheckResult:
    (found,) = (one for one in check_deployment() if one.part == part)
    return found


@pytest.fixture(autouse=True)
def no_other_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_embedded_default_names_no_part() -> None:
    assert check_deployment() == []


def test_a_store_that_answers_is_well_with_the_right_key(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("PREFERSTREAM_QDRANT_URL", address)
    monkeypatch.setenv("PREFERSTREAM_QDRANT_API_KEY", "wrong")
    found = _finding("Qdrant")
    assert not found.ok
    assert "401" in found.found
    assert "PREFERSTREAM_QDRANT_API_KEY" in found.advice
    assert "wrong" not in found.found + found.advice
    monkeypatch.setenv("PREFERSTREAM_QDRANT_API_KEY", KEY)
    assert _finding("Qdrant").ok


@pytest.mark.parametrize(
    ("variable", "part"),
    [
        ("PREFERSTREAM_QDRANT_URL", "Qdrant"),
        ("PREFERSTREAM_MLFLOW_TRACKING_URI", "MLflow"),
        ("PREFERSTREAM_OTLP_ENDPOINT", "traces"),
    ],
)
def test_a_part_that_is_away_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, part: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    found = _finding(part)
    assert not found.ok
    assert variable in found.advice


def test_parts_that_answer_are_well(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("PREFERSTREAM_OTLP_ENDPOINT", address)
    assert all(one.ok for one in check_deployment())


@pytest.mark.parametrize("wrong", ["collector:4318", "ftp://collector", "http://"])
def test_an_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_OTLP_ENDPOINT", wrong)
    assert "no http address" in _finding("traces").found


def test_a_lake_without_its_bucket_is_told(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_LAKE_URI", "s3://nowhere/lake")
    monkeypatch.setenv("PREFERSTREAM_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    found = _finding("lake")
    assert not found.ok
    assert "PREFERSTREAM_LAKE_URI" in found.advice


@pytest.mark.parametrize(
    ("part", "variable"),
    [("models", "PREFERSTREAM_MODELS_DIR"), ("nights", "PREFERSTREAM_TRAINING_JOBS_DIR")],
)
def test_a_folder_that_is_not_mounted_is_told(
    part: str, variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / part))
    found = _finding(part)
    assert not found.ok
    assert variable in found.advice
    (tmp_path / part).mkdir()
    assert _finding(part).ok


def test_a_dashboard_open_to_others_needs_tokens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PREFERSTREAM_OPS_HOST", "0.0.0.0")
    assert "without tokens" in _finding("dashboard").found
    file = tmp_path / "tokens.toml"
    monkeypatch.setenv("PREFERSTREAM_OPS_TOKENS", str(file))
    assert "cannot be read" in _finding("dashboard").found
    _, lines = new_token("ada", "operate", None)
    file.write_text(lines, encoding="utf-8")
    assert _finding("dashboard").ok


@pytest.mark.kafka
def test_one_broker_needs_one_copy(monkeypatch: pytest.MonkeyPatch, kafka: str) -> None:
    monkeypatch.setenv("PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS", kafka)
    found = _finding("copies")
    assert found.ok
    assert "1 broker" in found.found
