"""Read, scale and encode the images of a prompt once for all of its completions.

The rows of a group are copies, and a GRPO step encodes the same images three times: to generate,
for the log-probabilities of the start, and to learn. The vision tower is frozen
(`training.finetuning.run.policy`), so its output can be reused.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from training.finetuning.data.rows import Row

PROJECTIONS: Final = 2
"""Random projections that identify an image: two different images agree in both with a
probability of about 2^-48."""
SEED: Final = 0x0CE
KNOWN: Final = frozenset({"qwen2_5_vl"})
"""Architectures, by the `model_type` of their configuration."""


class DeduplicatedRows:
    """A data set that reads and decodes a repeated row of a batch only once."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> Row:
        row: Row = self._rows[at]
        return row

    def __getitems__(self, indices: Sequence[int]) -> list[Row]:
        """The rows at these indices; repeated rows are copies that share their images."""
        different = list(dict.fromkeys(indices))
        read = dict(zip(different, self._rows.__getitems__(different), strict=True))
        return [dict(read[index]) for index in indices]


def scale_once(image_processor: Any) -> None:
    """Make a Qwen image processor scale each different image of a batch only once."""
    from transformers.image_utils import make_flat_list_of_images

    kind: Any = type(image_processor)

    class ScaleOnce(kind):  # type: ignore[misc]  # the processor's class is known only at run time
        def preprocess(self, images: Any, *args: Any, **kwargs: Any) -> Any:
            flat = make_flat_list_of_images(images)
            different = {id(image): image for image in flat}
            places = {image_id: place for place, image_id in enumerate(different)}
            batch = super().preprocess(list(different.values()), *args, **kwargs)
            at = torch.tensor([places[id(image)] for image in flat])
            grids = torch.as_tensor(batch["image_grid_thw"])
            patches = torch.as_tensor(batch["pixel_values"])
            batch["pixel_values"] = patches[_rows_of(grids.prod(1), at)]
            batch["image_grid_thw"] = grids[at]
            return batch

    ScaleOnce.__name__ = kind.__name__  # the name is saved in the processor's file
    image_processor.__class__ = ScaleOnce


def is_known(model: Any) -> bool:
    """Whether the fast passes of GRPO know this architecture; others take TRL's ordinary ones.

    Qwen3-VL, for example, adds features of the vision tower to several layers of its decoder, which
    a cache of the last features alone would leave out.
    """
    return str(model.config.model_type) in KNOWN


def encode_once(model: Any) -> None:
    """Make the vision tower of a Qwen2.5-VL encode each image of a batch once, and cache a batch.

    Nothing changes for another architecture. The tower must be frozen, and all of it in this
    process; raises `ValueError` if it is trained.
    """
    if not is_known(model):
        return
    visual = model.visual
    if any(weight.requires_grad for weight in visual.parameters()):
        raise ValueError("The vision tower is trained, so its output changes: freeze it first.")
    visual.forward = _cached(visual.forward, merged=visual.spatial_merge_size**2)
    model.get_rope_index = _on_cpu(model.get_rope_index)


def _cached(original: Callable[..., Any], *, merged: int) -> Callable[..., Any]:
    last: tuple[Tensor, Any] | None = None

    @torch.no_grad()
    def forward(hidden_states: Tensor, grid_thw: Tensor, **kwargs: Any) -> Any:
        nonlocal last
        grids = grid_thw.cpu()
        fingerprints = _fingerprints(hidden_states, grids)
        _, labels = torch.unique(fingerprints, dim=0, return_inverse=True)
        first = torch.full_like(labels, len(labels)).scatter_reduce(
            0, labels, torch.arange(len(labels)), "amin"
        )[labels]  # index of the first equal image
        kept, place = torch.unique(first, return_inverse=True)
        if last is None or not torch.equal(last[0], fingerprints[kept]):
            rows = _rows_of(grids.prod(1), kept).to(hidden_states.device)
            last = (
                fingerprints[kept],
                original(hidden_states[rows], grid_thw=grid_thw[kept], **kwargs),
            )
        output = last[1]
        tokens = _rows_of(grids[kept].prod(1) // merged, place)
        return type(output)(pooler_output=output.pooler_output[tokens.to(hidden_states.device)])

    return forward


def _fingerprints(patches: Tensor, grids: Tensor) -> Tensor:
    """A fingerprint of each image: projections of its patches in their order, and its grid."""
    generator = torch.Generator().manual_seed(SEED)
    lengths = grids.prod(1)
    by_content = torch.randn(patches.shape[1], PROJECTIONS, generator=generator)
    by_place = torch.randn(int(lengths.max()), generator=generator)
    within = torch.arange(int(lengths.sum())) - _starts(lengths).repeat_interleave(lengths)
    projected = (patches.float() @ by_content.to(patches.device)).cpu() * by_place[within, None]
    image = torch.arange(len(lengths)).repeat_interleave(lengths)
    sums = torch.zeros(len(lengths), PROJECTIONS).index_add_(0, image, projected)
    return torch.cat([sums, grids.float()], dim=1)


def _rows_of(lengths: Tensor, indices: Tensor) -> Tensor:
    """Row numbers of the parts at `indices`; part k has `lengths[k]` rows: (rows,)."""
    each = lengths[indices]
    shift = _starts(lengths)[indices] - _starts(each)
    return torch.arange(int(each.sum())) + shift.repeat_interleave(each)


def _starts(lengths: Tensor) -> Tensor:
    """First row of each part, where each part follows the part before it."""
    return lengths.cumsum(0) - lengths


def _on_cpu(positions: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, ...]]:
    """Compute positions on the CPU: the library reads the size of each image in a Python loop."""

    def on_cpu(input_ids: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
        moved = {k: v.cpu() if isinstance(v, Tensor) else v for k, v in kwargs.items()}
        outputs = positions(
            input_ids.cpu(), *(v.cpu() if isinstance(v, Tensor) else v for v in args), **moved
        )
        return tuple(output.to(input_ids.device) for output in outputs)

    return on_cpu
