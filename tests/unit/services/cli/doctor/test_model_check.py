"""`preferstream model check` says what a model can do, and what to do where it cannot."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.cli.doctor.model_check.adapter_swap import check_adapters
from services.cli.doctor.model_check.finding import Finding, is_usable
from services.cli.doctor.model_check.page import findings_page
from services.cli.doctor.model_check.prefix_cache import check_prefix_cache
from services.cli.doctor.model_check.quick_check import check_answers
from services.cli.doctor.model_check.run import run_model_checks
from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.checkpoint.model_package import release
from shared.vlm.server.connection import Connection
from shared.vlm.settings import ModelSettings
from tests.fakes.model_server import ModelServer, problem
from tests.fakes.official_model import TEMPLATE, OfficialModel
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
    assert notes == {"server", "prefix cache"}
    assert "red pictures are red, a blue one is blue" in findings["red from blue"].detail
    assert findings["liked look first"].detail.startswith("16.0 of 16 pairs")
    assert "1,000 candidates cost" in findings["speed"].detail
    figures = findings["speed"].figures
    assert figures["cost_per_1000_candidates"] == pytest.approx(
        1 / figures["images_scored_per_second"]
    )
    assert findings["tokens"].figures["tokens_per_second"] > 0
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


@pytest.mark.parametrize(
    ("cached", "state", "detail"),
    [(None, "note", "reports no cached tokens"), (0, "note", "nothing"), (256, "ok", "256 tokens")],
)
async def test_a_prefix_cache_is_seen_in_the_responses(
    server: StockModel, cached: int | None, state: str, detail: str
) -> None:
    server.cached_tokens = cached
    async with Connection(ModelSettings(model_server=server.address)) as connection:
        finding = await check_prefix_cache(connection, server.serves)
    assert (finding.state, detail in finding.detail) == (state, True)
    assert bool(finding.advice) == (state != "ok")


async def test_a_prefix_that_the_model_cannot_read_is_shortened(vllm: ModelServer) -> None:
    vllm.next_responses.append(problem(400, "maximum context length is 4096 tokens"))
    async with Connection(ModelSettings(model_server=vllm.address)) as connection:
        finding = await check_prefix_cache(connection, vllm.model)
    assert "reports no cached tokens" in finding.detail
    sizes = [len(str(request)) for request in vllm.requests]
    assert sizes[0] > sizes[1] == sizes[2]


async def test_a_server_that_counts_no_tokens_is_a_note(server: StockModel) -> None:
    server.counts_tokens = False
    findings = await checked(ModelSettings(model_server=server.address))
    assert (findings["tokens"].state, findings["speed"].state) == ("note", "ok")


@pytest.fixture
async def vllm() -> AsyncIterator[ModelServer]:
    async with ModelServer(release(None).version).running() as started:
        started.is_vllm = True
        yield started


async def adapters(vllm: ModelServer, base: Path | None) -> Finding:
    async with Connection(ModelSettings(model_server=vllm.address)) as connection:
        return await check_adapters(connection, vllm.model, base)


async def test_adapters_are_loaded_used_and_unloaded_while_the_server_runs(
    vllm: ModelServer,
) -> None:
    finding = await adapters(vllm, shipped_folder())
    assert (finding.state, "two adapters were loaded" in finding.detail) == ("ok", True)
    assert vllm.adapters == {}, "none is left behind"
    used = [request["model"] for request in vllm.requests]
    assert used[2] == vllm.model
    assert len(set(used)) == 3


@pytest.mark.parametrize(
    ("changes", "state", "detail"),
    [
        ({"takes_adapters": False}, "note", "cannot load adapters"),
        ({"refuses_adapters": "No adapter found for /tmp"}, "note", "refuses an adapter"),
        ({"answers_as": "another"}, "wrong", "another answered"),
    ],
)
async def test_a_server_that_cannot_swap_adapters_is_named(
    vllm: ModelServer, changes: dict[str, Any], state: str, detail: str
) -> None:
    for name, value in changes.items():
        setattr(vllm, name, value)
    finding = await adapters(vllm, shipped_folder())
    assert (finding.state, detail in finding.detail) == (state, True)
    assert finding.advice
    assert vllm.adapters == {}


async def test_without_the_files_of_the_model_only_the_route_is_tried(vllm: ModelServer) -> None:
    vllm.refuses_adapters = "No adapter found"
    assert (await adapters(vllm, None)).state == "ok"
    vllm.takes_adapters, vllm.refuses_adapters = False, None
    assert "cannot load adapters" in (await adapters(vllm, None)).detail


async def test_weights_without_query_projections_are_named(
    vllm: ModelServer, tmp_path: Path
) -> None:
    finding = await adapters(vllm, tmp_path)
    assert (finding.state, vllm.adapters) == ("note", {})
    assert "no language model with query projections" in finding.detail


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
        '{"name": "open", "state": "wrong", "detail": "<b>no</b>", "advice": "start it",'
        ' "figures": {}}'
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


async def test_a_style_without_its_template_is_named_before_the_model_is_opened() -> None:
    findings = await checked(ModelSettings(prompt_style="preferthinker"))
    assert findings.keys() == {"prompts"}
    assert "PREFERSTREAM_PROMPT_TEMPLATE" in findings["prompts"].detail


async def test_a_preferthinker_checkpoint_is_checked_in_its_official_layout(
    tmp_path: Path,
) -> None:
    template = tmp_path / "official.txt"
    template.write_bytes(TEMPLATE)
    async with OfficialModel(continues=True).running() as server:
        settings = ModelSettings(
            model_server=server.address, prompt_style="preferthinker", prompt_template=template
        )
        findings = {finding.name: finding for finding in await run_model_checks(settings)}
    wrong = {name: finding.detail for name, finding in findings.items() if finding.state == "wrong"}
    assert not wrong
