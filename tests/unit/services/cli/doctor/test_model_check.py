"""`preferstream model check` says what a model can do, and what to do where it cannot."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.doctor.model_check.finding import Finding, is_usable
from services.cli.doctor.model_check.page import findings_page
from services.cli.doctor.model_check.quick_check import check_answers
from services.cli.doctor.model_check.run import run_model_checks
from shared.vlm.settings import ModelSettings
from tests.fakes.stock_model import StockModel


@pytest.fixture
async def server() -> AsyncIterator[StockModel]:
    async with StockModel().running() as started:
        yield started


async def checked(settings: ModelSettings, **options: float) -> dict[str, Finding]:
    findings = await run_model_checks(
        settings, price_per_hour=options.get("price"), on_progress=lambda _: None
    )
    return {finding.name: finding for finding in findings}


async def test_a_stock_model_that_sees_is_usable(server: StockModel) -> None:
    findings = await checked(ModelSettings(model_server=server.address), price=3.6)
    assert is_usable(list(findings.values()))
    states = {name: finding.state for name, finding in findings.items()}
    notes = {name for name, state in states.items() if state == "note"}
    assert notes == {"server"}
    assert "red pictures are red, a blue one is blue" in findings["red from blue"].detail
    assert findings["liked look first"].detail.startswith("16.0 of 16 pairs")
    assert "1,000 candidates cost" in findings["speed"].detail
    assert findings["server"].advice


async def test_a_model_that_does_not_look_at_its_images_is_not_usable(server: StockModel) -> None:
    server.sees = False
    findings = await checked(ModelSettings(model_server=server.address))
    assert not is_usable(list(findings.values()))
    assert findings["red from blue"].state == "wrong"
    assert "does not use the image" in findings["red from blue"].advice
    assert findings["liked look first"].state == "wrong"


@pytest.mark.parametrize(
    ("write", "name", "state", "detail"),
    [
        ("refusal", "profile", "wrong", "declined"),
        ("other_language", "descriptions", "wrong", "another script"),
        ("element_missing", "profile", "note", "no word for color"),
        ("refusal", "rationales", "note", "0 of 5"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_named(
    server: StockModel, write: str, name: str, state: str, detail: str
) -> None:
    server.write = write
    findings = await checked(ModelSettings(model_server=server.address))
    assert findings[name].state == state
    assert detail in findings[name].detail
    assert findings[name].advice


async def test_scores_without_probabilities_are_a_note(server: StockModel) -> None:
    server.logprobs = None
    findings = await checked(ModelSettings(model_server=server.address))
    assert findings["scores"].state == "note"
    assert "without probabilities" in findings["scores"].detail


async def test_a_task_that_fails_is_a_finding_and_the_others_are_checked(
    server: StockModel,
) -> None:
    settings = ModelSettings(model_server=server.address)
    server.fails_from = 4  # after the check at the start and the first tasks
    findings = await checked(settings)
    assert any(f.state == "wrong" and "500" in f.detail for f in findings.values())
    assert "position of candidates" in findings


async def test_a_model_that_cannot_be_opened_has_one_finding(tmp_path: Path) -> None:
    away = await checked(ModelSettings(model_server="http://127.0.0.1:9"))
    assert [*away] == ["open"]
    assert away["open"].state == "wrong"
    assert "cannot be reached" in away["open"].detail
    (tmp_path / "config.json").write_text("{}")
    folder = await checked(ModelSettings(model=tmp_path))
    assert [*folder] == ["files"]
    assert "has no tokenizer.json" in folder["files"].detail


def test_the_page_shows_each_finding_and_escapes_foreign_text() -> None:
    findings = [Finding("open", "wrong", "<b>no</b>", "start it")]
    html = findings_page("http://x", findings, verdict="it cannot be used", usable=False)
    assert "&lt;b&gt;no&lt;/b&gt;" in html
    assert "What to do: start it" in html
    assert json.dumps(findings[0].as_dict()) == (
        '{"name": "open", "state": "wrong", "detail": "<b>no</b>", "advice": "start it"}'
    )


async def test_the_doctor_asks_a_model_of_the_settings(
    server: StockModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await asyncio.to_thread(check_answers) == [], "the shipped model is tested with us"
    monkeypatch.setenv("PREFERSTREAM_MODEL_SERVER", server.address)
    (seeing,) = await asyncio.to_thread(check_answers)
    server.sees = False
    (blind,) = await asyncio.to_thread(check_answers)
    assert (seeing.name, seeing.ok, blind.ok) == ("model answers", True, False)
    assert "preferstream model check" in blind.advice
