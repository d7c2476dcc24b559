"""Define a prompt style: how a family of models is asked for each task, and how it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeVar

from shared.domain.taste import Element, Taste
from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.parser.elements import ParsedSide
from shared.prompting.prompt import Prompt, SideWords

ImageT = TypeVar("ImageT")
DigitReading = Literal["held", "chosen"]
"""How the five digits of a score are read. `held`: each digit is read in a fixed answer that holds
the same digit at the other places. `chosen`: each digit is read after the digits that the model
itself has chosen before."""


PROMPT_TEMPLATE_FILE: Final = "prompt_template.txt"
"""Name of the user's template in a model package of a style that has one."""


class BadPromptStyle(Exception):
    """A prompt style cannot be used; the text says why and what to do."""


class BadPromptTemplate(BadPromptStyle):
    """A style needs a template from the user, and has none or one that cannot be used."""


@dataclass(frozen=True)
class Task:
    """A prompt, and the form and length of its answer."""

    prompt: Prompt
    max_tokens: int
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the answer, for engines that can constrain it; None for a text answer."""
    pattern: str | None = None
    """Regular expression of the answer after the prompt's prefix, instead of a schema."""
    stop: str | None = None
    """The answer ends before this text; None lets the model end it."""
    digit_gaps: tuple[str, ...] = ()
    """The four fixed texts between the five digits of a score; without them, the digits follow each
    other. Only for digits that the model chooses."""
    image_order: tuple[int, ...] | None = None
    """Positions in the given images, in the order of the prompt, which can show an image twice;
    None shows each image once."""

    def shown(self, images: Sequence[ImageT]) -> list[ImageT]:
        """The images as the prompt shows them."""
        order = range(len(images)) if self.image_order is None else self.image_order
        return [images[place] for place in order]


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

    @property
    def explains_given_digits(self) -> bool:
        """Whether the prompt of an explanation names the digits, so that its answer has none."""
        ...

    @property
    def pair_template(self) -> PairTemplate:
        """The prompt of a comparison of two candidates."""
        ...

    @property
    def package_files(self) -> Mapping[str, bytes]:
        """Files by name that a model package of this style must contain, so that it can be used
        without the settings of its training."""
        ...

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

    def digit_places(self, answer: str) -> Sequence[int] | None:
        """Where the five digits of a whole score answer are in its text, in the order of the
        elements; None for an answer without them. For answers that are longer than their digits."""
        ...

    def parse_rationales(self, answer: str, digits: Mapping[Element, int]) -> ParsedRationales:
        """The rationales that agree with their digits."""
        ...

    def taste_answer(self, likes: SideWords, dislikes: SideWords) -> str:
        """The answer that states this taste; training imitates it, and `parse_taste` reads it."""
        ...

    def description_answer(self, words: SideWords) -> str:
        """The answer that describes an image by these words."""
        ...

    def score_answer(self, taste: Taste, digits: Mapping[Element, int]) -> str:
        """The answer with these digits, with the prefix of the prompt."""
        ...

    def rationale_answer(
        self, taste: Taste, digits: Mapping[Element, int], rationales: Mapping[Element, str]
    ) -> str:
        """The answer with a rationale for each digit, with the prefix of the prompt."""
        ...

    def taste_layout(self, answer: str) -> float:
        """The share of a readable taste answer that is in the exact layout, 0-1 (for rewards)."""
        ...

    def score_layout(self, answer: str, *, explained: bool) -> float:
        """The same for a readable score answer; its rationales must agree with their digits."""
        ...
