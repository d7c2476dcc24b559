"""Cases and examples: the training data of GRPO and SFT."""

from dataclasses import dataclass

from PIL.Image import Image

from shared.domain.taste import Element
from shared.vlm.protocol import References
from training.rewards.prediction import Sides

Shown = dict[Element, str]


@dataclass(frozen=True)
class Pair:
    """Two candidates; the user likes `better` more than `worse`."""

    better: Image
    worse: Image
    better_shows: Shown | None = None
    """What the image shows, if a simulator knows it. Rationales can be written only then."""
    worse_shows: Shown | None = None
    weight: float = 1.0
    """Weight of the pair among those that judge one predicted profile."""


@dataclass(frozen=True)
class Case:
    """The references of one user and a pair of images that the user ordered."""

    references: References | None
    pair: Pair
    truth: Sides | None
    """The true profile, which is known only for simulated users."""
    profile: Sides | None
    """The profile that candidates are assessed against: the true one or a predicted one."""
    weight: float = 1.0
    """Weight of the pair's label: inverse propensity times reliability, 1 on average."""
    judged_by: tuple[Pair, ...] = ()
    """Pairs of this user that judge a predicted profile, instead of `pair`."""
    tasks: tuple[str, ...] = ()
    """The tasks for which the case may be used; empty: all."""


@dataclass(frozen=True)
class ProfilePair:
    """The references of one user, and two profiles; the better one ranks this user's pairs better.

    Preference data of DPO (arXiv 2305.18290).
    """

    references: References
    better: Sides
    worse: Sides
    weight: float = 1.0
    """How often the pair is drawn, relative to the others."""


@dataclass(frozen=True)
class Example:
    """A prompt, its images in the prompt's order, and the answer to imitate."""

    messages: list[dict[str, object]]
    answer: str
    images: tuple[Image, ...]
