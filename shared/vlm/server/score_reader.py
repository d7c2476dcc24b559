"""Define how scores are requested from a server and read from its response."""

from collections.abc import Mapping
from typing import Any, Protocol

from shared.domain.element_weights import ElementWeights
from shared.vlm.protocol import Scores


class ScoreReader(Protocol):
    """One way to get the distributions of five digits from one request."""

    def request(self, completion: Mapping[str, Any]) -> dict[str, Any]:
        """The completion request, changed into one for scores."""
        ...

    def read(
        self, response: Mapping[str, Any], weights: ElementWeights, *, prefix: str = ""
    ) -> Scores:
        """The scores of the response to a request whose answer starts with `prefix`.

        Raises `Unavailable` when it has none.
        """
        ...
