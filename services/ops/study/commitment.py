"""Fix predictions before the first pair is shown, so that anybody can check them afterwards.

A hash commitment: the hash is shown at once, the predictions and the nonce are revealed at the end.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.ops.study.pairs import Pair

Side = Literal["left", "right"]
Ranker = Literal["system", "image_encoder", "color_histogram", "popularity"]
NONCE_BYTES: Final = 16
"""Random bytes without which the hash could be searched for its predictions."""


class Forecast(BaseModel):
    """One pair and the side that each ranker expects to be chosen."""

    model_config = ConfigDict(frozen=True)

    left: str
    right: str
    predictions: dict[Ranker, Side | None]
    """None where a ranker scores both pictures the same."""


class Commitment(BaseModel):
    """All predictions of one blind test, fixed at one time."""

    model_config = ConfigDict(frozen=True)

    committed_at: AwareDatetime
    nonce: Annotated[str, Field(min_length=2 * NONCE_BYTES)]
    seed: int
    """Seed with which the pairs and their sides were drawn."""
    pairs: tuple[Forecast, ...]

    def sha256(self) -> str:
        """The hash of the canonical JSON: sorted keys, no spaces, UTF-8."""
        content = self.model_dump(mode="json")
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def new_nonce() -> str:
    return secrets.token_hex(NONCE_BYTES)


def forecasts(
    pairs: Sequence[Pair], scores: Mapping[Ranker, Mapping[str, float]]
) -> tuple[Forecast, ...]:
    """The predictions of every ranker from its scores by picture id; higher is preferred."""
    return tuple(
        Forecast(
            left=pair.left,
            right=pair.right,
            predictions={
                ranker: _expected(by_id.get(pair.left, 0.0), by_id.get(pair.right, 0.0))
                for ranker, by_id in scores.items()
            },
        )
        for pair in pairs
    )


def _expected(left: float, right: float) -> Side | None:
    if left == right:
        return None
    return "left" if left > right else "right"
