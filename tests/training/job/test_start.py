"""SFT starts from the champion; other methods continue the candidate, if it can be served."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from shared.jobs.training_methods import Method
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from training.job.examples.stage import _open_candidate
from training.job.train.stages import _starting_point

LANGUAGE_MODEL = "base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight"
CONNECTOR = "base_model.model.model.visual.merger.mlp.0.lora_A.weight"


def request(
    folder: Path, *names: str, served_by_server: bool, methods: tuple[Method, ...] = ("dpo",)
) -> TrainingJobRequest:
    """With a candidate that changes these weights."""
    adapter = folder / "adapter"
    adapter.mkdir()
    save_file(
        {name: np.zeros((1, 1), np.float32) for name in names},
        adapter / "adapter_model.safetensors",
    )
    release = ModelFolder(folder=folder / "release", version="nano", kind="checkpoint")
    return TrainingJobRequest(
        job="nightly-2026-01-31", requested_at=datetime(2026, 1, 31, tzinfo=UTC), lake="lake",
        release=release, champion=release, minutes=1, served_by_server=served_by_server,
        candidate=ModelFolder(folder=adapter, version="nano-sft", kind="adapter"), methods=methods,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "served_by_server", "is_continued"),
    [
        ((LANGUAGE_MODEL,), False, True),
        ((LANGUAGE_MODEL, CONNECTOR), False, True),
        ((LANGUAGE_MODEL,), True, True),
        ((LANGUAGE_MODEL, CONNECTOR), True, False),
    ],
)
def test_an_adapter_with_a_connector_is_not_continued_where_a_server_serves(
    tmp_path: Path, names: tuple[str, ...], served_by_server: bool, is_continued: bool
) -> None:
    base, adapter = _starting_point(request(tmp_path, *names, served_by_server=served_by_server))
    assert base == tmp_path / "release"
    assert adapter == (tmp_path / "adapter" if is_continued else None)


@pytest.mark.parametrize(
    ("methods", "is_continued"),
    [(("sft",), False), (("sft", "grpo"), False), (("grpo",), True), (("dpo", "sft"), True)],
)
def test_a_job_that_starts_with_sft_starts_from_the_champion(
    tmp_path: Path, methods: tuple[Method, ...], is_continued: bool
) -> None:
    job = request(tmp_path, LANGUAGE_MODEL, served_by_server=False, methods=methods)
    base, adapter = _starting_point(job)
    assert base == tmp_path / "release"
    assert adapter == (tmp_path / "adapter" if is_continued else None)


def test_a_candidate_that_cannot_be_opened_leaves_the_names_to_the_champion() -> None:
    reports: list[str] = []

    def refuse(request: TrainingJobRequest) -> None:
        raise BadCheckpoint("the adapter is cut off")

    job: Any = SimpleNamespace(
        request=None,
        dependencies=SimpleNamespace(open_candidate=refuse),
        stages=SimpleNamespace(report=lambda stage, text: reports.append(text)),
    )
    assert _open_candidate(job) is None
    assert reports == ["words keep the champion's names, because the adapter is cut off"]
