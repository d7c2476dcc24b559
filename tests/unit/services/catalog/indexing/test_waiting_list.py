"""Which image is indexed next, and when an image whose host was away is tried again."""

from services.catalog.indexing.waiting_list import Pauses, Priority, WaitingList
from shared.domain.images.image_key import ImageKey
from tests.fakes.clock import FakeTime

PAUSES = Pauses(first_seconds=30, max_seconds=100)


def key(image_id: str, *, tenant: str = "default") -> ImageKey:
    return ImageKey(tenant, image_id)


def waiting_list(size: int = 1_000) -> tuple[WaitingList, FakeTime]:
    time = FakeTime()
    return WaitingList(size=size, pauses=PAUSES, monotonic=time), time


def taken(waiting: WaitingList) -> list[tuple[str, str]]:
    keys = []
    while (image := waiting.take()) is not None:
        key, _ = image
        keys.append((key.tenant, key.image_id))
    return keys


def test_published_images_come_before_outdated_ones() -> None:
    waiting, _ = waiting_list()
    waiting.add(key("old"), Priority.OUTDATED)
    waiting.add(key("changed"), Priority.OUTDATED)
    waiting.add(key("a"), Priority.PUBLISHED)
    waiting.add(key("b"), Priority.PUBLISHED)
    waiting.add(key("changed"), Priority.PUBLISHED)
    waiting.add(key("a"), Priority.OUTDATED)
    assert [image_id for _, image_id in taken(waiting)] == ["a", "b", "changed", "old"]
    assert not len(waiting)


def test_a_bulk_import_does_not_keep_other_tenants_waiting() -> None:
    waiting, _ = waiting_list()
    for n in range(4):
        waiting.add(key(str(n), tenant="bulk"), Priority.PUBLISHED)
    waiting.add(key("x", tenant="shop"), Priority.PUBLISHED)
    assert taken(waiting) == [
        ("bulk", "0"), ("shop", "x"), ("bulk", "1"), ("bulk", "2"), ("bulk", "3"),
    ]  # fmt: skip


def test_an_image_is_tried_again_after_growing_pauses() -> None:
    waiting, time = waiting_list()
    for pause in (30, 60, 100, 100):
        waiting.retry(key("a"), Priority.PUBLISHED, part="image_host")
        waiting.add(key("a"), Priority.PUBLISHED)  # a scan of the store shortens no pause
        assert waiting.retries == {"image_host": 1}
        time.now += pause - 1
        assert waiting.take() is None
        time.now += 1
        assert waiting.take() == (key("a"), Priority.PUBLISHED)
    assert waiting.retry(key("a"), Priority.PUBLISHED, part="image_host") == 5
    assert waiting.attempted(least=5) == 1
    assert waiting.attempted(least=6) == 0


def test_a_new_publication_is_tried_at_once() -> None:
    waiting, time = waiting_list()
    waiting.retry(key("a"), Priority.OUTDATED, part="image_host")
    waiting.add(key("a"), Priority.PUBLISHED, at_once=True)
    assert taken(waiting) == [("default", "a")]
    assert waiting.retries == {}
    time.now += 1_000
    assert waiting.take() is None


def test_a_removed_image_waits_no_longer() -> None:
    waiting, time = waiting_list()
    waiting.add(key("a"), Priority.PUBLISHED)
    waiting.retry(key("b"), Priority.PUBLISHED, part="image_host")
    waiting.done(key("a"))
    waiting.done(key("b"))
    waiting.done(key("unknown"))
    time.now += 1_000
    assert waiting.take() is None


def test_a_publication_during_the_indexing_of_its_image_still_waits_afterwards() -> None:
    waiting, _ = waiting_list()
    waiting.add(key("a"), Priority.PUBLISHED)
    assert waiting.take() is not None
    waiting.add(key("a"), Priority.PUBLISHED, at_once=True)
    waiting.finished(key("a"))
    assert taken(waiting) == [("default", "a")]


def test_a_full_list_leaves_images_to_the_store() -> None:
    waiting, _ = waiting_list(size=2)
    for n in range(3):
        waiting.add(key(str(n)), Priority.PUBLISHED)
    assert waiting.left_out
    assert not waiting.has_room
    assert len(taken(waiting)) == 2
    assert waiting.has_room
