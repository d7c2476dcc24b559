"""What a model does that sees references and two candidates at once: compare them in words.

Apart from `shared.vlm.protocol`, because no service needs it: the answer is long, and the order of
the candidates sways it. Evaluation asks in both orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL.Image import Image

from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser import ComparisonRead
from shared.prompting.prompt import PAIR_TEMPLATE
from shared.vlm.protocol import References


@dataclass(frozen=True)
class Pair:
    """Two candidates in the order in which they are shown, before a person's references."""

    references: References
    image_a: Image
    image_b: Image
    template: PairTemplate = PAIR_TEMPLATE

    @property
    def images(self) -> tuple[Image, ...]:
        """In the order in which the prompt shows them."""
        return (*self.references.images, self.image_a, self.image_b)


@dataclass(frozen=True)
class Comparison:
    """The answer as written, and as read."""

    answer: str
    read: ComparisonRead


class PairwiseModel(Protocol):
    """Batched, as `VisionLanguageModel`; raises `shared.domain.errors.Unavailable` likewise."""

    @property
    def model_version(self) -> str: ...

    async def compare(self, pairs: Sequence[Pair]) -> list[Comparison]: ...
