"""Read, scale and encode the images of a prompt once for all of its completions.

The rows of a group are copies, and a GRPO step encodes the same images three times: to generate,
for the log-probabilities of the start, and to learn. Vision tower and connector are frozen
(`training.finetuning.run.policy`), so that their output can be reused.
"""

import hashlib
from collections.abc import Callable, Collection, Hashable, Sequence
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


def may_encode_once(trainer: Any) -> bool:
    """Whether the tower's output can be reused: one process, and tower and connector are frozen.

    All processes must run a sharded tower together, and a trained tower at each pass.
    """
    if trainer.accelerator.num_processes > 1:
        return False
    visual = getattr(trainer.model.get_base_model().model, "visual", None)
    return visual is not None and not _is_trained(visual)


def encode_once(model: Any, *, kept_bytes: int = 0) -> None:
    """Make the vision tower of a Qwen2.5-VL encode each image of a batch once, and cache a batch.

    With `kept_bytes`, the features of earlier batches are kept as well, up to that size. Nothing
    changes for another architecture. The tower must be frozen, and all of it in this process;
    raises `ValueError` if it is trained.
    """
    if not is_known(model):
        return
    visual = model.visual
    if _is_trained(visual):
        raise ValueError("The vision tower is trained, so its output changes: freeze it first.")
    merged = visual.spatial_merge_size**2
    visual.forward = _Encoded(visual.forward, merged=merged, kept_bytes=kept_bytes)
    model.get_rope_index = _on_cpu(model.get_rope_index)


def _is_trained(visual: Any) -> bool:
    """Whether a weight of the tower or of the connector in it is trained."""
    return any(weight.requires_grad for weight in visual.parameters())


class _Encoded:
    """The forward of a vision tower with the features of the images that it has encoded."""

    def __init__(self, original: Callable[..., Any], *, merged: int, kept_bytes: int) -> None:
        self._original, self._merged, self._kept_bytes = original, merged, kept_bytes
        self._features: dict[Hashable, Tensor] = {}
        self._bytes = 0
        self._kind: Any = None

    @torch.no_grad()
    def __call__(self, hidden_states: Tensor, grid_thw: Tensor, **kwargs: Any) -> Any:
        grids = grid_thw.cpu()
        names = self._names(hidden_states, grids)
        first = {name: place for place, name in reversed(list(enumerate(names)))}
        if any(name not in self._features for name in first):
            self._drop_others(first)
        missing = sorted(place for name, place in first.items() if name not in self._features)
        if missing:
            at = torch.tensor(missing)
            rows = _rows_of(grids.prod(1), at).to(hidden_states.device)
            output = self._original(hidden_states[rows], grid_thw=grid_thw[at], **kwargs)
            self._kind = type(output)
            lengths = (grids[at].prod(1) // self._merged).tolist()
            encoded = output.pooler_output.split(lengths)
            # Clones, so that one kept image does not keep its whole batch.
            self._features |= {
                names[place]: features.clone()
                for place, features in zip(missing, encoded, strict=True)
            }
            self._bytes += output.pooler_output.nbytes
        features = torch.cat([self._features[name] for name in names])
        return self._kind(pooler_output=features)

    def _names(self, patches: Tensor, grids: Tensor) -> list[Hashable]:
        """One name for each image; equal images have equal names.

        Rounding makes the fingerprint of an image depend on the batch, so that features that are
        kept for other batches are named by the image's bytes.
        """
        names: list[Hashable] = [tuple(row) for row in _fingerprints(patches, grids).tolist()]
        if not self._kept_bytes:
            return names
        parts = patches.split(grids.prod(1).tolist())
        different = {name: place for place, name in enumerate(names)}
        digests = {name: _digest(parts[place]) for name, place in different.items()}
        return [digests[name] for name in names]

    def _drop_others(self, used: Collection[Hashable]) -> None:
        """Keep only the images of this batch where the kept features are too many."""
        if self._bytes >= self._kept_bytes:
            self._features = {k: v for k, v in self._features.items() if k in used}
            self._bytes = sum(features.nbytes for features in self._features.values())


def _digest(patches: Tensor) -> bytes:
    content = patches.detach().float().cpu().contiguous().numpy().tobytes()
    return hashlib.blake2b(content, digest_size=16).digest() + str(tuple(patches.shape)).encode()


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
