"""Write the README that travels with the weights."""

from collections.abc import Mapping
from typing import Final

from training.nano.model.vocabulary import ALSO, WORDS

CARD: Final = """---
license: apache-2.0
pipeline_tag: image-text-to-text
library_name: transformers
tags: [personalized-image-preference, qwen2_5_vl]
---
# {name}

A Qwen2.5-VL of {millions:.1f} million parameters that reads a person's visual taste from images
they liked and disliked, scores a new image against it on five elements (art style, color, medium,
saturation, detail), and gives a reason for each score. It was trained on simulated users
whose taste is known (`training/prefersim`). Its purpose is that every part of Preferstream runs,
and can be measured, on any machine.

**Limits.** It knows drawings and simple restyled photographs; use a real checkpoint for real
catalogues. Of photographs it tells color, saturation and detail, and answers `any` for style and
medium. It has {words} words and {also} synonyms of them for tastes; other words mean nothing to it.
Two candidates in one prompt it compares by naming what each shows; services score each alone.

It speaks the formats of `shared/prompting/prompt.py`, version {prompt_version}; other text gives nonsense.
Images are resized to {side} x {side} pixels. Data, steps, hours and every experiment:
`training/LOG.md`.

| trained with | |
|---|---|
{facts}
| version | {version} |
"""


def model_card(
    *,
    name: str,
    version: str,
    prompt_version: str,
    side: int,
    parameters: int,
    training: Mapping[str, object],
) -> str:
    """The card in Markdown, with the training's facts as a table."""
    return CARD.format(
        name=name,
        version=version,
        prompt_version=prompt_version,
        side=side,
        words=len(WORDS),
        also=len(ALSO),
        millions=parameters / 1e6,
        facts="\n".join(f"| {fact} | {value} |" for fact, value in training.items()),
    )
