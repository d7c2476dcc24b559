"""A case: one person's references and a pair of images of which one is liked more."""

from dataclasses import dataclass

from PIL.Image import Image

from shared.domain.taste import Element
from shared.vlm.protocol import References
from training.rewards.prediction import Sides

Shown = dict[Element, str]


@dataclass(frozen=True)
class Pair:
    """Two candidates; this person likes `better` more than `worse`."""

    better: Image
    worse: Image
    better_shows: Shown | None = None
    """What the image shows, where a simulator knows it: only then can reasons be written."""
    worse_shows: Shown | None = None


@dataclass(frozen=True)
class Case:
    """What one person showed and preferred, simulated or clicked."""

    references: References | None
    pair: Pair
    truth: Sides | None
    """The true profile: known of simulated people alone, and of nobody who clicks."""
    profile: Sides | None
    """What candidates are assessed against: the truth, or what a model predicted."""
    weight: float = 1.0
    """How much the pair's label counts: inverse propensity times reliability, 1 on average."""
    judged_by: tuple[Pair, ...] = ()
    """Pairs of this person that a predicted taste is judged by, in place of the one."""


@dataclass(frozen=True)
class Example:
    """One question to imitate the answer of, with its images in the prompt's order."""

    messages: list[dict[str, object]]
    answer: str
    images: tuple[Image, ...]
