"""The frozen model that ranks pairs by predicted profiles: the engine that serves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.vlm.protocol import Candidate
from shared.vlm.transformers_engine import TransformersEngine

AT_ONCE: Final = 32
"""Candidates in one pass, as in serving."""


class EngineJudge:
    """Scores by the expectation over the digits, so that what is rewarded is what is served."""

    def __init__(self, folder: Path) -> None:
        self._engine = TransformersEngine(folder)

    def totals(self, asked: Sequence[Candidate]) -> list[float]:
        parts = (asked[at : at + AT_ONCE] for at in range(0, len(asked), AT_ONCE))
        return [scores.total for part in parts for scores in self._engine.score(part)]
