"""Define pairwise comparison: a model sees references and two candidates and names the better one.

It is separate from `shared.vlm.protocol` because no service uses it: the answer is long and depends
on the order of the candidates. Evaluation compares each pair in both orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL.Image import Image

from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser import ParsedComparison
from shared.vlm.protocol import References


@dataclass(frozen=True)
class Pair:
    """Two candidates in the order in which the prompt shows them, and a user's references."""

    references: References
    image_a: Image
    image_b: Image
    template: PairTemplate | None = None
    """Replaces the pair prompt of the model's own style."""

    @property
    def images(self) -> tuple[Image, ...]:
        """In the order in which the prompt shows them."""
        return (*self.references.images, self.image_a, self.image_b)


@dataclass(frozen=True)
class Comparison:
    """The model's answer, as text and as parsed."""

    answer: str
    parsed: ParsedComparison


class PairwiseModel(Protocol):
    """Compares in batches; raises `shared.domain.errors.Unavailable` like `VisionLanguageModel`."""

    @property
    def model_version(self) -> str: ...

    async def compare(self, pairs: Sequence[Pair]) -> list[Comparison]: ...
