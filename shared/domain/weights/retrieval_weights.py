"""How much each vector counts when the catalog is searched by a user's taste."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from shared.domain.taste import Element, Value

Factor = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]


class RetrievalWeights(Value):
    """Factors of the user's own shares in the linear query (`taste_direction`).

    The defaults were chosen on development users, so that the order of the catalog comes near the
    order of the model: a liked word adds 2.5, half the range of a score; the similarity to the
    liked images minus that to the disliked ones has a small range and is multiplied by 10
    (training/LOG.md). `preferstream catalog fit` fits others to clicks.
    """

    art_style: Factor = 2.5
    color: Factor = 2.5
    medium: Factor = 2.5
    saturation: Factor = 2.5
    detail: Factor = 2.5
    subject: Factor = 10.0

    def __getitem__(self, element: Element) -> float:
        factor: float = getattr(self, element.value)
        return factor


SHIPPED: Final = RetrievalWeights()


class BadWeightsFile(Exception):
    """A file of weights cannot be used; the text says why and what to do."""


def read_retrieval_weights(path: Path | None) -> RetrievalWeights:
    """The weights of a file, or the shipped ones; raises `BadWeightsFile`."""
    if path is None:
        return SHIPPED
    remedy = "write it with `preferstream catalog fit`, or leave the setting out"
    try:
        weights = RetrievalWeights.model_validate_json(path.read_bytes(), extra="forbid")
    except OSError as error:
        raise BadWeightsFile(f"{path} cannot be read: {error.strerror}; {remedy}") from error
    except ValidationError as error:
        detail = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise BadWeightsFile(f"{path} has no weights of the catalog: {detail}; {remedy}") from error
    if not any(factor for _, factor in weights):
        raise BadWeightsFile(f"{path}: every weight is 0, so nothing would be searched; {remedy}")
    return weights
