"""Define a prompt style: how a family of models is asked for each task, and how it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from shared.domain.taste import Element, Taste
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.parser.elements import ParsedSide
from shared.prompting.prompt import Prompt

DigitReading = Literal["held", "chosen"]
"""How the five digits of a score are read. `held`: each digit is read in a fixed answer that holds
the same digit at the other places. `chosen`: each digit is read after the digits that the model
itself has chosen before."""


@dataclass(frozen=True)
class Task:
    """A prompt, and the form and length of its answer."""

    prompt: Prompt
    max_tokens: int
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the answer, for engines that can constrain it; None for a text answer."""


@dataclass(frozen=True)
class ParsedRationales:
    """A rationale for each element that has a readable one, and what was wrong with the others."""

    by_element: Mapping[Element, str]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParsedDigits:
    """The digits 0-5 of a score answer in text form, and what was wrong with the others."""

    by_element: Mapping[Element, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


class PromptStyle(Protocol):
    """Prompts and parsers of one family of models; serving and training read the same one."""

    @property
    def name(self) -> str:
        """The name in settings and in the manifest of a model."""
        ...

    @property
    def version(self) -> str:
        """Changes with every byte of a prompt or answer layout."""
        ...

    @property
    def digit_reading(self) -> DigitReading: ...

    def predict(self, *, liked: int, disliked: int) -> Task:
        """The task to predict a taste from numbers of liked and disliked images."""
        ...

    def describe(self) -> Task:
        """The task to describe one image in words, the same for all users."""
        ...

    def score(self, taste: Taste) -> Task:
        """The task to score one image against a taste."""
        ...

    def explain(self, taste: Taste, digits: Mapping[Element, int]) -> Task:
        """The task to write a rationale for each of the given digits."""
        ...

    def parse_taste(self, answer: str) -> ParsedTaste: ...

    def parse_description(self, answer: str) -> ParsedSide: ...

    def parse_digits(self, answer: str) -> ParsedDigits:
        """The digits of a score answer as text, for servers that return no probabilities."""
        ...

    def parse_rationales(self, answer: str, digits: Mapping[Element, int]) -> ParsedRationales:
        """The rationales that agree with their digits."""
        ...
