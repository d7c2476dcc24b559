"""The plain calls of the benchmark give the scores of the engine, one candidate per call."""

import asyncio

import pytest

from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.checkpoint.open_checkpoint import open_checkpoint
from shared.vlm.engine.batching_engine import load_model
from shared.vlm.settings import ModelSettings
from training.bench.model import candidates_and_references
from training.bench.plain_calls import PlainCalls

pytestmark = pytest.mark.model


def test_plain_calls_agree_with_the_engine() -> None:
    candidates, _ = candidates_and_references()
    candidates = candidates[:4]
    plain = PlainCalls(open_checkpoint(shipped_folder(), device="cpu"))
    model = load_model(ModelSettings())
    try:
        scores = asyncio.run(model.score(candidates))
    finally:
        model.close()
    for candidate, score in zip(candidates, scores, strict=True):
        expected = sum(score.expected(element) for element in score.digits)
        assert plain.forward(candidate) == pytest.approx(expected, abs=0.05)
        generated = plain.generate(candidate)
        assert isinstance(generated, int)
        assert abs(generated - expected) < 3
