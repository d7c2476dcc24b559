"""Give joint tastes ids that stay the same while their references do."""

from collections.abc import Sequence
from typing import Final

from shared.domain.joint_tastes import JointTaste
from shared.store.protocol import Reference

HASH_CHARACTERS: Final = 12
"""Of a content hash in an id: a user has at most four tastes."""


def taste_ids(groups: Sequence[Sequence[Reference]], known: Sequence[JointTaste]) -> list[str]:
    """An id for each group of liked references, in order.

    A group gets the id of the known taste with which it shares most references. The id of a new
    taste is derived from its earliest reference, so the same references get the same id again.
    """
    shared = sorted(
        (
            (len({r.image_id for r in group} & {*taste.reference_ids}), -number, taste.taste_id)
            for number, group in enumerate(groups)
            for taste in known
        ),
        reverse=True,
    )
    ids: dict[int, str] = {}
    for count, number, taste_id in shared:
        if count and -number not in ids and taste_id not in ids.values():
            ids[-number] = taste_id
    for number, group in enumerate(groups):
        if number not in ids:
            ids[number] = next(i for i in _new_ids(group) if i not in ids.values())
    return [ids[number] for number in range(len(groups))]


def _new_ids(group: Sequence[Reference]) -> list[str]:
    earliest_first = sorted(group, key=lambda r: (r.occurred_at, r.content_hash))
    return [f"taste-{r.content_hash[:HASH_CHARACTERS]}" for r in earliest_first]
