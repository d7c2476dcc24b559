"""Replace groups of answers that all earn the same by groups of other prompts (arXiv 2503.14476).

A prompt teaches nothing when all its answers earn the same. Its place in the batch is given to
another prompt, drawn at random, until every group has a signal or a bound is reached; what is left
is masked. The order depends on the seed and the step alone, so that a resumed run repeats it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from torch import Tensor

STREAM: Final = 0xDEAD
"""Part of the seed of each step's draws."""
Row = dict[str, Any]
Generated = tuple[Any, ...]
"""What TRL's `_generate` returns: lists with one value for each completion, or None."""
Sample = Callable[[list[Row]], "Sampled"]
"""Generate and reward one completion for each row."""


@dataclass(frozen=True)
class Sampled:
    """Rows with a completion and its rewards each."""

    rows: list[Row]
    generated: Generated
    rewards: Tensor
    """(completions, rewards)"""


@dataclass(frozen=True)
class Resampled:
    """A batch after resampling, and how it came about."""

    sampled: Sampled
    dead_at_first: int
    """Groups without a signal before any was replaced."""
    drawn: int
    """Prompts that were drawn in place of dead ones."""


def resample(
    first: Sampled,
    *,
    sample: Sample,
    find_dead: Callable[[Tensor], Tensor],
    draw: Callable[[int], Sequence[Row]],
    rounds: int,
    group: int,
) -> Resampled:
    """Replace dead groups of predictions at most `rounds` times; `draw` gives other prompts.

    Groups of scores are not replaced: the answers for both images of a pair are rewarded together.
    """
    sampled, drawn = first, 0
    dead_at_first = int(find_dead(first.rewards).sum())
    for _ in range(rounds):
        dead = find_dead(sampled.rewards).tolist()
        places = [
            place
            for place, is_dead in enumerate(dead)
            if is_dead and sampled.rows[place * group].get("task") == "predict"
        ]
        prompts = list(draw(len(places))) if places else []
        if not prompts:
            break
        drawn += len(prompts)
        new = sample([dict(row) for row in prompts for _ in range(group)])
        alive = [number for number, d in enumerate(find_dead(new.rewards).tolist()) if not d]
        for place, number in zip(places, alive, strict=False):
            sampled = _with_group(sampled, place, new, number, group=group)
    return Resampled(sampled, dead_at_first, drawn)


def other_prompts(tasks: Sequence[str], *, seed: int, step: int) -> list[int]:
    """All rows with a prediction in random order, the same for a seed and a step."""
    rows = [row for row, task in enumerate(tasks) if task == "predict"]
    rng = np.random.default_rng((seed, STREAM, step))
    return [rows[at] for at in rng.permutation(len(rows))]


def _with_group(old: Sampled, place: int, new: Sampled, number: int, *, group: int) -> Sampled:
    """The old groups, with one of them replaced by a new one."""
    at, source = slice(place * group, (place + 1) * group), number * group
    rows = list(old.rows)
    rows[at] = new.rows[source : source + group]
    rewards = old.rewards.clone()
    rewards[at] = new.rewards[source : source + group]
    generated = tuple(
        _replaced(a, b, at, slice(source, source + group))
        for a, b in zip(old.generated, new.generated, strict=True)
    )
    return Sampled(rows, generated, rewards)


def _replaced(old: Any, new: Any, at: slice, source: slice) -> Any:
    """A copy of a list, or of a dictionary of lists, with a part of another one."""
    if isinstance(old, dict):
        return {name: _replaced(old[name], new[name], at, source) for name in old}
    if not isinstance(old, list) or not old:
        return old
    copy = list(old)
    copy[at] = new[source]
    return copy
