"""The progress of each tenant, from a walk over the store and the changes since then."""

from services.catalog.indexing.counts import Counts, State
from shared.domain.ids import catalog_point_id
from shared.domain.images.image_key import ImageKey

WAITING: State = ("waiting", "")
INDEXED: State = ("indexed", "")
GONE: State = ("failed", "http_404")


def keys(count: int, *, tenant: str = "default") -> list[ImageKey]:
    """In the order of a walk."""
    images = [ImageKey(tenant, str(n)) for n in range(count)]
    return sorted(images, key=lambda key: str(catalog_point_id(key)))


def test_changes_move_an_image_from_one_count_to_another() -> None:
    counts = Counts()
    a, b, c = keys(3)
    for key in (a, b, c):
        counts.changed(key, None, WAITING)
    counts.changed(a, WAITING, INDEXED)
    counts.changed(b, WAITING, GONE)
    counts.changed(c, WAITING, WAITING)
    counts.changed(ImageKey("shop", "x"), None, ("outdated", ""))
    assert counts.by_state == {"indexed": 1, "outdated": 1, "waiting": 1, "failed": 1}
    assert counts.by_tenant["default"].failed == {"http_404": 1}
    assert counts.by_tenant["shop"].indexed == 1
    counts.changed(ImageKey("shop", "x"), ("outdated", ""), None)
    assert set(counts.by_tenant) == {"default"}


def test_changes_during_a_walk_are_counted_once() -> None:
    counts = Counts()
    images = keys(4)
    for key in images:
        counts.changed(key, None, WAITING)
    counts.start_walk()
    counts.walked(
        [(key, WAITING) for key in images[:2]], following=str(catalog_point_id(images[2]))
    )
    counts.changed(images[0], WAITING, INDEXED)  # behind the walk
    counts.changed(images[3], WAITING, INDEXED)  # before it: the walk reads the new state
    assert counts.by_state["indexed"] == 2
    counts.walked([(images[2], WAITING), (images[3], INDEXED)], following=None)
    assert counts.by_state == {"indexed": 2, "outdated": 0, "waiting": 2, "failed": 0}
