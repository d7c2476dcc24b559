"""Do once what the answers to one question share: read, scale and see its images.

A group's rows are one row repeated, and a step sees the same images three times: to answer, to ask
the model at the start, and to learn. The vision tower stands still (`training.finetuning.run.policy`), so
what it saw holds.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from training.finetuning.data.rows import Row

PROJECTIONS: Final = 2
"""Numbers by which images are told apart: unlike ones agree in both by a chance of about 2^-48."""
SEED: Final = 0x0CE


class RowsOnce:
    """A data set of which a batch reads, and decodes, a row that it repeats once."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> Row:
        row: Row = self._rows[at]
        return row

    def __getitems__(self, wanted: Sequence[int]) -> list[Row]:
        """The repeated rows are copies that share their images."""
        different = list(dict.fromkeys(wanted))
        read = dict(zip(different, self._rows.__getitems__(different), strict=True))
        return [dict(read[at]) for at in wanted]


def scale_once(image_processor: Any) -> None:
    """Let a processor of Qwen's, which lays patches one image after another, share equal work."""
    from transformers.image_utils import make_flat_list_of_images

    kind: Any = type(image_processor)

    class Once(kind):  # type: ignore[misc]  # of whichever class it is
        def preprocess(self, images: Any, *args: Any, **kwargs: Any) -> Any:
            flat = make_flat_list_of_images(images)
            different = {id(image): image for image in flat}
            places = {name: place for place, name in enumerate(different)}
            found = super().preprocess(list(different.values()), *args, **kwargs)
            at = torch.tensor([places[id(image)] for image in flat])
            grids = torch.as_tensor(found["image_grid_thw"])
            patches = torch.as_tensor(found["pixel_values"])
            found["pixel_values"] = patches[_rows_of(grids.prod(1), at)]
            found["image_grid_thw"] = grids[at]
            return found

    Once.__name__ = kind.__name__  # it is written into the processor's file
    image_processor.__class__ = Once


def see_once(model: Any) -> None:
    """Let the vision tower of a Qwen2.5-VL see each image of a batch once, and remember a batch.

    Only for a tower that is frozen and whole in this process; raises `ValueError` for one that
    learns.
    """
    visual = model.visual
    if any(weight.requires_grad for weight in visual.parameters()):
        raise ValueError("The vision tower learns, so what it saw does not hold: freeze it first.")
    visual.forward = _seeing(visual.forward, merged=visual.spatial_merge_size**2)
    model.get_rope_index = _on_cpu(model.get_rope_index)


def _seeing(whole: Callable[..., Any], *, merged: int) -> Callable[..., Any]:
    last: tuple[Tensor, Any] | None = None

    @torch.no_grad()
    def forward(hidden_states: Tensor, grid_thw: Tensor, **kwargs: Any) -> Any:
        nonlocal last
        grids = grid_thw.cpu()
        marks = _marks(hidden_states, grids)
        _, which = torch.unique(marks, dim=0, return_inverse=True)
        first = torch.full_like(which, len(which)).scatter_reduce(
            0, which, torch.arange(len(which)), "amin"
        )[which]  # for each image the first one that is equal
        kept, place = torch.unique(first, return_inverse=True)
        if last is None or not torch.equal(last[0], marks[kept]):
            rows = _rows_of(grids.prod(1), kept).to(hidden_states.device)
            last = (marks[kept], whole(hidden_states[rows], grid_thw=grid_thw[kept], **kwargs))
        seen = last[1]
        tokens = _rows_of(grids[kept].prod(1) // merged, place)
        return type(seen)(pooler_output=seen.pooler_output[tokens.to(hidden_states.device)])

    return forward


def _marks(patches: Tensor, grids: Tensor) -> Tensor:
    """What tells images apart: projections that neither patch nor order can leave, and the grid."""
    chance = torch.Generator().manual_seed(SEED)
    lengths = grids.prod(1)
    by_content = torch.randn(patches.shape[1], PROJECTIONS, generator=chance)
    by_place = torch.randn(int(lengths.max()), generator=chance)
    within = torch.arange(int(lengths.sum())) - _starts(lengths).repeat_interleave(lengths)
    projected = (patches.float() @ by_content.to(patches.device)).cpu() * by_place[within, None]
    image = torch.arange(len(lengths)).repeat_interleave(lengths)
    sums = torch.zeros(len(lengths), PROJECTIONS).index_add_(0, image, projected)
    return torch.cat([sums, grids.float()], dim=1)


def _rows_of(lengths: Tensor, wanted: Tensor) -> Tensor:
    """Places of the rows of some parts, of parts that lie one after another: (rows,)."""
    each = lengths[wanted]
    shift = _starts(lengths)[wanted] - _starts(each)
    return torch.arange(int(each.sum())) + shift.repeat_interleave(each)


def _starts(lengths: Tensor) -> Tensor:
    """Where each of some parts that lie one after another begins."""
    return lengths.cumsum(0) - lengths


def _on_cpu(positions: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, ...]]:
    """It walks through images one by one, and would ask a GPU for each one's size."""

    def on_cpu(input_ids: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
        moved = {k: v.cpu() if isinstance(v, Tensor) else v for k, v in kwargs.items()}
        found = positions(
            input_ids.cpu(), *(v.cpu() if isinstance(v, Tensor) else v for v in args), **moved
        )
        return tuple(one.to(input_ids.device) for one in found)

    return on_cpu
