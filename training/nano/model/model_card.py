"""Write the model card, the README.md of a model folder."""

from collections.abc import Mapping
from typing import Final

from training.nano.model.vocabulary import SYNONYM_OF, WORDS

CARD: Final = """---
license: apache-2.0
pipeline_tag: image-text-to-text
library_name: transformers
tags: [personalized-image-preference, qwen2_5_vl]
---
# {name}

A Qwen2.5-VL of {millions:.1f} million parameters. It predicts a user's preference profile from
liked and disliked images, scores a new image against the profile on five elements (art style,
color, medium, saturation, detail), and writes a rationale for each score. It was trained on
simulated users with known profiles (`training/prefersim`). With it, every part of Preferstream runs
and can be measured on any machine.

**Limits.** It was trained on drawings and simple restyled photographs; use a larger checkpoint for
a real catalog. For photographs it describes color, saturation and detail, and answers `any` for
style and medium. Profiles may use its {words} words and {also} synonyms of them; it does not
understand other words. Two candidates in one prompt are compared by describing both; services
score each candidate alone.

It was trained on the prompts of `shared/prompting/prompt.py`, version {prompt_version}; answers to
other prompts are useless. Images are resized to {side} x {side} pixels. Data, steps, hours and all
experiments: `training/LOG.md`.

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
    """The card in Markdown, with the facts of the training as a table."""
    return CARD.format(
        name=name,
        version=version,
        prompt_version=prompt_version,
        side=side,
        words=len(WORDS),
        also=len(SYNONYM_OF),
        millions=parameters / 1e6,
        facts="\n".join(f"| {fact} | {value} |" for fact, value in training.items()),
    )
