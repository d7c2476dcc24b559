"""The doctor opens the image encoder of the settings, and says what to do."""

import asyncio
from pathlib import Path

import pytest

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from services.cli.doctor.image_encoder_check import check_image_encoder
from shared.embedding.images import package_weights
from tests.fakes.embedding_server import EmbeddingServer


@pytest.fixture(autouse=True)
def subjects_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_SUBJECT_RANKING", "true")


def check() -> CheckResult:
    return check_image_encoder(ConnectionSettings())


def test_the_pretrained_network_is_checked_by_default() -> None:
    assert check() == CheckResult(
        "image encoder", True, "efficientnet-lite0, 1280 numbers a vector"
    )


def test_nothing_is_opened_while_subjects_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_SUBJECT_RANKING", "false")
    monkeypatch.setenv("PREFERSTREAM_IMAGE_ENCODER", "/no/such/folder")
    assert check().ok


def test_changed_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "weights.pth"
    changed.write_bytes(b"x")
    monkeypatch.setattr(package_weights, "weights_path", lambda: changed)
    result = check()
    assert (result.ok, result.advice) == (False, "run `make` again")
    assert "SHA-256 differs" in result.detail


def test_a_missing_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_IMAGE_ENCODER", "/no/such/folder")
    result = check()
    assert (result.ok, result.advice.partition(",")[0]) == (False, "correct the setting")
    assert "/no/such/folder" in result.detail


async def test_a_server_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with EmbeddingServer("siglip2").running() as server:
        monkeypatch.setenv("PREFERSTREAM_IMAGE_ENCODER_SERVER", server.address)
        result = await asyncio.to_thread(check)
    assert result.ok
    assert result.detail == f"siglip2, 4 numbers a vector at {server.address}"
    gone = await asyncio.to_thread(check)
    assert (gone.ok, gone.advice.partition(",")[0]) == (False, "start the server")
