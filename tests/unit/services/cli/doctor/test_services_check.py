"""`doctor` names the services of the local system that do not answer or are not healthy."""

from pathlib import Path

import httpx
import pytest

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from services.cli.doctor.services_check import check_services
from services.local.runtime_file import RuntimeFile, write_runtime_file

HEALTHY = httpx.Response(200, json={"ok": True, "problems": []})


def results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalog: httpx.Response | httpx.HTTPError
) -> list[CheckResult]:
    """The check of a system whose catalog service answers like this."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/healthz"
        if request.url.host != "catalog":
            return HEALTHY
        if isinstance(catalog, httpx.HTTPError):
            raise catalog
        return catalog

    monkeypatch.setenv("PREFERSTREAM_DATA_DIR", str(tmp_path))
    services = {"assessor": "http://assessor:1", "catalog": "http://catalog:2"}
    write_runtime_file(tmp_path, RuntimeFile(kafka="k:1", services=services))
    settings = ConnectionSettings(data_dir=tmp_path)
    return check_services(settings, transport=httpx.MockTransport(answer))


def test_healthy_services_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [result] = results(tmp_path, monkeypatch, HEALTHY)
    assert (result.ok, result.detail) == (True, "assessor, catalog are healthy")


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (httpx.ConnectError("refused"), "catalog: no answer at http://catalog:2 within 5 s"),
        (httpx.Response(503, json={"ok": False, "problems": ["stuck"]}), "catalog: stuck"),
        (httpx.Response(502, text="x"), "catalog: status 502 without a reason"),
        (httpx.Response(502, json=[]), "catalog: status 502 without a reason"),
    ],
    ids=["away", "unhealthy", "text", "list"],
)
def test_a_service_that_is_not_healthy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, detail: str
) -> None:
    [result] = results(tmp_path, monkeypatch, answer)
    assert (result.ok, result.detail) == (False, detail)
    assert "preferstream up" in result.advice


def test_without_a_running_system_there_is_no_result(tmp_path: Path) -> None:
    assert check_services(ConnectionSettings(data_dir=tmp_path)) == []
