"""Read a taste once for all the images that are scored against it.

A taste stands before the image in its prompt and is longer than a small image, so that the model
needs a quarter to two fifths less time for a slate of one person than for as many candidates of
several.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any, Final

from torch import Tensor

WORTH_SHARING: Final = 8
"""Rows that begin alike from which on a pass of their own is quicker than places among others."""
MOST: Final = 32
"""Rows of a pass."""


def passes(beginnings: Sequence[Hashable]) -> list[list[int]]:
    """Places of the rows that are best read together: such as begin alike, then all others."""
    alike: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, beginning in enumerate(beginnings):
        alike[beginning].append(place)
    shared = [places for places in alike.values() if len(places) >= WORTH_SHARING]
    others = [k for places in alike.values() if len(places) < WORTH_SHARING for k in places]
    return [
        places[at : at + MOST] for places in [*shared, others] for at in range(0, len(places), MOST)
    ]


def last_logits(model: Any, inputs: dict[str, Tensor], *, columns: int) -> Tensor:
    """Of a Qwen2.5-VL: (rows, columns, words). What rows share before their image is read once.

    `inputs` are those of the model's forward, of rows that end together; their last image is
    before the last `columns`.
    """
    begins = _alike_before_the_image(inputs)
    if begins:
        inputs = _after(begins, model.model, inputs)
    logits: Tensor = model(**inputs, logits_to_keep=columns).logits
    return logits


def _after(begins: int, whole: Any, inputs: dict[str, Tensor]) -> dict[str, Any]:
    """The rest of the inputs, and the first `begins` columns as keys and values."""
    ids, kinds = inputs["input_ids"], inputs["mm_token_type_ids"]
    positions, _ = whole.get_rope_index(
        ids, mm_token_type_ids=kinds, image_grid_thw=inputs["image_grid_thw"]
    )
    read = whole.language_model(
        inputs_embeds=whole.get_input_embeddings()(ids[:1, :begins]),
        position_ids=positions[:, :1, :begins],
        use_cache=True,
    ).past_key_values
    read.batch_repeat_interleave(len(ids))
    return inputs | {
        "input_ids": ids[:, begins:],
        "mm_token_type_ids": kinds[:, begins:],
        "position_ids": positions[:, :, begins:],
        "past_key_values": read,
    }


def _alike_before_the_image(inputs: dict[str, Tensor]) -> int:
    """How many columns; 0 where rows differ, are padded or too few, or hold no image."""
    ids, images = inputs["input_ids"], inputs["mm_token_type_ids"].bool()
    begins = int(images.int().argmax(dim=1).min())
    alike = (ids[:, :begins] == ids[:1, :begins]).all() and images[:, begins].all()
    whole = inputs["attention_mask"].all() and len(ids) >= WORTH_SHARING
    return begins if alike and whole else 0
