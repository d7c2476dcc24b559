"""The largest rows of a run in tokens: what one pass computes, from the configuration."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from PIL import Image

from shared.domain.taste import ELEMENTS, Taste
from shared.prompting import prompt
from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.vision_config import (
    DEFAULT_MAX_PIXELS,
    DEFAULT_MEAN,
    DEFAULT_MIN_PIXELS,
    DEFAULT_STD,
    VisionConfig,
    has_vision_config,
)
from training.finetuning.data.case_files import (
    BadCases,
    read_cases,
    read_examples,
    read_profile_pairs,
)
from training.finetuning.data.line_sources import BadRows
from training.finetuning.data.simulated import REFERENCES
from training.finetuning.estimate.shape import Shape, UnknownShape
from training.finetuning.run.config import AnyConfig, DpoConfig, GrpoConfig, Policy
from training.finetuning.run.policy import completion_length, policy_style
from training.prefersim.drawing.canvas import SIDE

CHARACTERS_PER_TOKEN: Final = 4.0
"""Of English text in the tokenizers of large models, where the checkpoint is not there to count."""
TEMPLATE_TOKENS: Final = 30
"""Roles and ends of turns of a chat template, and a short system message."""
DEFAULT_IMAGE_SIDE: Final = 448
"""Pixels of the images of a training job and of the paper, where no row can be read."""
PROCESSOR_FILES: Final = ("preprocessor_config.json", "processor_config.json")
SAMPLED_ROWS: Final = 16
"""Rows of a file from which the number and the size of the images are taken."""


@dataclass(frozen=True)
class Workload:
    """One pass of one process, all of its rows as large as the largest one."""

    rows: int
    passes: int
    """Passes that are summed into one step."""
    group: int
    """Completions of one prompt; 1 in SFT."""
    images: int
    """Images of a row."""
    image_tokens: int
    """Tokens of one image."""
    text_tokens: int
    """Tokens of the prompt without its images."""
    answer_tokens: int

    @property
    def prompt_tokens(self) -> int:
        return self.text_tokens + self.images * self.image_tokens

    @property
    def tokens(self) -> int:
        """Tokens of one row."""
        return self.prompt_tokens + self.answer_tokens

    @property
    def prompts(self) -> int:
        """Different prompts of one pass."""
        return -(-self.rows // self.group)


def workload(config: AnyConfig, shape: Shape, *, image_side: int | None = None) -> Workload:
    """The largest rows that the configuration allows.

    `image_side` in pixels replaces the size of the images of the data. Raises `BadConfig`,
    `BadCheckpoint` and `UnknownShape`.
    """
    sampled = _sample(config)
    sides = (image_side, image_side) if image_side else sampled.size
    style = policy_style(config.policy)
    grpo = isinstance(config, GrpoConfig)
    # DPO reads two answers of each pair.
    answers = 2 if isinstance(config, DpoConfig) else 1
    task = _longest(config, style)
    text = "".join(part.text for part in task.parts) + task.answer_prefix
    images = sampled.images if task.image_count > 1 and sampled.images else task.image_count
    answer = (
        completion_length(config)
        if isinstance(config, GrpoConfig)
        else _tokens(config.policy.base, sampled.answer or _answer(config, style))
    )
    return Workload(
        rows=config.optimizing.batch * answers,
        passes=config.optimizing.accumulation,
        group=config.group if isinstance(config, GrpoConfig) else answers,
        images=images,
        image_tokens=_image_tokens(config.policy, shape, sides),
        text_tokens=TEMPLATE_TOKENS + _tokens(config.policy.base, text),
        answer_tokens=answer if grpo else answer + 1,
    )


@dataclass(frozen=True)
class _Sample:
    """The largest values of the first rows; empty and zero where none could be read."""

    images: int = 0
    size: tuple[int, int] = (SIDE, SIDE)
    answer: str = ""


def _sample(config: AnyConfig) -> _Sample:
    data = config.data
    if not data.sources:
        return _Sample(images=2 * REFERENCES)
    options: dict[str, Any] = {
        "most": SAMPLED_ROWS, "images": data.image_folders, "bad_rows": BadRows(skip=True)
    }  # fmt: skip
    images: list[Sequence[Any]] = []
    answers = [""]
    try:
        if isinstance(config, GrpoConfig):
            for case in islice(read_cases(data.sources, **options), SAMPLED_ROWS):
                shown = case.references.images if case.references else ()
                images.append([*shown] or [case.pair.better])
        elif isinstance(config, DpoConfig):
            pairs = islice(read_profile_pairs(data.sources, **options), SAMPLED_ROWS)
            images.extend(pair.references.images for pair in pairs)
        else:
            for example in islice(read_examples(data.sources, **options), SAMPLED_ROWS):
                images.append(example.images)
                answers.append(example.answer)
    except BadCases:
        pass  # The run names what is wrong with its data; here it is only unknown.
    if not images:
        return _Sample(images=2 * REFERENCES, size=(DEFAULT_IMAGE_SIDE, DEFAULT_IMAGE_SIDE))
    sizes = [image.size for row in images for image in row]
    largest = max(sizes, key=lambda size: size[0] * size[1])
    return _Sample(max(map(len, images)), largest, max(answers, key=len))


def _longest(config: AnyConfig, style: PromptStyle) -> prompt.Prompt:
    if isinstance(config, DpoConfig) or "predict" in config.tasks:
        return style.predict(liked=REFERENCES, disliked=REFERENCES).prompt
    return style.explain(Taste(), dict.fromkeys(ELEMENTS, 0)).prompt


def _answer(config: AnyConfig, style: PromptStyle) -> str:
    """An answer as long as the longest one of the tasks."""
    words = dict.fromkeys(ELEMENTS, ("watercolor painting", "flat illustration"))
    if not isinstance(config, DpoConfig) and "explain" in config.tasks:
        rationale = "the picture shows muted pastel tones, which are close to what is liked"
        digits, rationales = dict.fromkeys(ELEMENTS, 4), dict.fromkeys(ELEMENTS, rationale)
        return style.rationale_answer(Taste(), digits, rationales)
    return style.taste_answer(words, words)


def _tokens(base: Path, text: str) -> int:
    file = base / "tokenizer.json"
    if not file.is_file():
        return round(len(text) / CHARACTERS_PER_TOKEN)
    from tokenizers import Tokenizer

    try:
        return len(Tokenizer.from_file(str(file)).encode(text).ids)
    except Exception as error:  # The library has no class of its own for a broken file.
        raise BadCheckpoint(f"{file} cannot be read: {error}; fetch the folder again") from error


def _image_tokens(policy: Policy, shape: Shape, size: tuple[int, int]) -> int:
    """Tokens of an image, scaled as serving scales it; raises `BadCheckpoint`, `UnknownShape`."""
    base, limits = policy.base, policy.pixel_limits
    try:
        if has_vision_config(base):
            vision = VisionConfig.read(base)
        elif any((base / name).is_file() for name in PROCESSOR_FILES):
            from shared.vlm.engine.tokenizer_check import image_tokens_of_folder

            image = limits.scaled(Image.new("RGB", size))
            return max(1, image_tokens_of_folder(base, image, limits))
        else:
            vision = VisionConfig(
                shape.vision.patch, shape.vision.merge, DEFAULT_MIN_PIXELS, DEFAULT_MAX_PIXELS,
                DEFAULT_MEAN, DEFAULT_STD,
            )  # fmt: skip
        width, height = vision.limited(limits).size_for(*size)
        return max(1, width * height // (vision.patch * vision.merge) ** 2)
    except (OSError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise UnknownShape(
            f"the tokens of an image cannot be counted in {base} ({error!r}); check its"
            " preprocessor_config.json, or fetch the folder again"
        ) from error
