"""Count the choices that each ranker foresaw, and export a finished test without pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from services.ops.study.commitment import Commitment, Ranker, Side
from services.ops.study.study import Study
from shared.jobs.wilson import wilson

KIND: Final = "preferstream blind test"
VERSION: Final = 1
LABELS: Final[Mapping[str, str]] = {
    "system": "Preferstream",
    "image_encoder": "image encoder alone",
    "color_histogram": "color histogram",
    "popularity": "popularity",
    "chance": "chance",
}


@dataclass(frozen=True)
class Share:
    """How many choices one ranker foresaw. A pair without a prediction counts as one half."""

    ranker: str
    foreseen: float
    low: float
    high: float
    """Ends of the 95 % interval (Wilson), with the pairs taken as independent."""
    pairs: int
    without_prediction: int

    @property
    def label(self) -> str:
        return LABELS[self.ranker]


def shares(commitment: Commitment, choices: list[Side]) -> list[Share]:
    """One share for each ranker, and chance; raises `ValueError` without a choice."""
    rankers: list[Ranker] = list(commitment.pairs[0].predictions)
    return [*(_share(ranker, commitment, choices) for ranker in rankers), _chance(len(choices))]


def _share(ranker: Ranker, commitment: Commitment, choices: list[Side]) -> Share:
    predicted = [pair.predictions[ranker] for pair in commitment.pairs]
    points = [
        0.5 if side is None else float(side == chosen)
        for side, chosen in zip(predicted, choices, strict=True)
    ]
    value = sum(points) / len(points)
    low, high = wilson(value, len(points))
    return Share(ranker, value, low, high, len(points), predicted.count(None))


def _chance(pairs: int) -> Share:
    """The share that chance foresees on average, and its range in this number of pairs."""
    low, high = wilson(0.5, pairs)
    return Share("chance", 0.5, low, high, pairs, pairs)


def export(study: Study) -> dict[str, Any]:
    """A finished test as JSON: hashes and choices, no picture, no address, no name of a file."""
    if study.commitment is None or study.step != "result":
        raise ValueError("the test is not finished")
    return {
        "kind": KIND,
        "version": VERSION,
        "own_pictures": study.is_own,
        "pictures": len(study.pictures),
        "liked": study.marked("liked"),
        "disliked": study.marked("disliked"),
        **study.served_by,
        "sha256": study.commitment.sha256(),
        "commitment": study.commitment.model_dump(mode="json"),
        "choices": list(study.choices),
        "results": {
            share.ranker: {
                "foreseen": round(share.foreseen, 4),
                "interval": [round(share.low, 4), round(share.high, 4)],
                "pairs": share.pairs,
                "without_prediction": share.without_prediction,
            }
            for share in shares(study.commitment, study.choices)
        },
    }


class _Exported(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sha256: str
    commitment: Commitment
    choices: list[Side]
    results: dict[str, dict[str, Any]]


def check_export(content: Any) -> str | None:
    """Why an exported test cannot be trusted, or None: its hash and its shares are computed again.

    `content` is the parsed JSON of `export`.
    """
    try:
        exported = _Exported.model_validate(content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(map(str, problem["loc"]))
        return f"it is not an exported blind test: {field}: {problem['msg']}"
    if exported.commitment.sha256() != exported.sha256:
        return "the predictions are not those of the hash"
    if len(exported.choices) != len(exported.commitment.pairs) or not exported.choices:
        return "it does not have one choice for each pair"
    for share in shares(exported.commitment, exported.choices):
        stated = exported.results.get(share.ranker, {}).get("foreseen")
        if stated != round(share.foreseen, 4):
            return f"the share of {share.label} is {share.foreseen:.4f} and not {stated}"
    return None
