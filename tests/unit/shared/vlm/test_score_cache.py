"""The cache of scores returns what the model gave, stays bounded, and forgets users and images."""

import pytest

from shared.domain.taste import ELEMENTS, Taste, TasteSide, WeightedWord
from shared.domain.user import User
from shared.vlm.cached_scoring import CachedScoring
from shared.vlm.protocol import Scores
from shared.vlm.score_cache import ScoreCache, ScoreKey, score_key
from tests.fakes.images import plain_image
from tests.fakes.model import ColorModel
from tests.fakes.scores import COLOR_FIRST

ADA, BOB = User("default", "ada"), User("default", "bob")


def likes(word: str, weight: float = 1.0) -> Taste:
    return Taste(preference=TasteSide(color=(WeightedWord(word=word, weight=weight),)))


def uneven(number: int) -> Scores:
    """Probabilities that no short decimal number equals."""
    row = [1 / (3 + number + digit) for digit in range(6)]
    return Scores({e: tuple(p / sum(row) for p in row) for e in ELEMENTS}, COLOR_FIRST)


def key(user: User = ADA, *, version: str = "nano-5", taste: Taste | None = None) -> ScoreKey:
    return score_key(user, model_version=version, taste=taste or likes("red"))


def test_kept_scores_are_equal_to_the_last_bit() -> None:
    cache = ScoreCache(max_entries=10)
    cache.put(key(), {"a": uneven(1), "b": uneven(2)})
    assert cache.get(key(), ["a", "b", "c"]) == {"a": uneven(1), "b": uneven(2)}
    assert cache.get(key(), ["a"])["a"].total == uneven(1).total


@pytest.mark.parametrize(
    "other",
    [
        key(BOB),
        key(User("shop", "ada")),
        key(version="nano-6"),
        key(taste=likes("blue")),
        key(taste=likes("red", 0.5)),
        key(taste=Taste(non_preference=likes("red").preference)),
    ],
)
def test_scores_count_for_one_user_model_version_and_taste(other: ScoreKey) -> None:
    cache = ScoreCache(max_entries=10)
    cache.put(key(), {"a": uneven(1)})
    assert cache.get(other, ["a"]) == {}


def test_the_scores_that_were_not_used_for_longest_are_dropped() -> None:
    cache = ScoreCache(max_entries=4)
    cache.put(key(ADA), {"a": uneven(1), "b": uneven(2)})
    cache.put(key(BOB), {"a": uneven(1), "b": uneven(2)})
    cache.get(key(ADA), ["a"])
    cache.put(key(taste=likes("blue")), {"a": uneven(3)})
    assert (cache.count(ADA), cache.count(BOB), len(cache)) == (3, 0, 3)


def test_one_user_cannot_keep_more_scores_than_all_together() -> None:
    cache = ScoreCache(max_entries=3)
    for number in range(9):
        cache.put(key(), {f"image-{number}": uneven(number)})
    cache.put(key(), {f"image-{number}": uneven(number) for number in range(7, 12)})
    assert len(cache) == 3
    assert set(cache.get(key(), [f"image-{n}" for n in range(12)])) == {
        "image-9", "image-10", "image-11",
    }  # fmt: skip


def test_without_entries_nothing_is_kept() -> None:
    cache = ScoreCache(max_entries=0)
    cache.put(key(), {"a": uneven(1)})
    assert cache.get(key(), ["a"]) == {}
    assert len(cache) == 0


def test_an_erased_user_and_a_removed_image_leave_no_scores() -> None:
    cache = ScoreCache(max_entries=10)
    for user in (ADA, BOB):
        cache.put(key(user), {"a": uneven(1), "b": uneven(2)})
    cache.put(key(ADA, taste=likes("blue")), {"a": uneven(3)})
    assert cache.erase(ADA) == 3
    assert (cache.count(ADA), cache.count(BOB), len(cache)) == (0, 2, 2)
    assert cache.forget(["a", "unknown"]) == 1
    assert set(cache.get(key(BOB), ["a", "b"])) == {"b"}
    assert len(cache) == 1


def test_tastes_whose_images_were_all_removed_take_no_memory() -> None:
    cache = ScoreCache(max_entries=10)
    for number in range(50):
        user = User("default", f"u{number}")
        cache.put(key(user), {"a": uneven(1)})
        cache.forget(["a"])
    assert len(cache) == cache.tastes == 0


async def test_only_new_images_are_scored_each_content_once() -> None:
    counted: list[tuple[int, int]] = []
    model = ColorModel()
    scoring = CachedScoring(
        ScoreCache(max_entries=10), on_scored=lambda known, new: counted.append((known, new))
    )
    tastes = [likes("red"), likes("blue"), likes("red")]
    images = {color: plain_image("", color).pixels for color in ("red", "blue")}
    first = await scoring.scores(model, ADA, tastes=tastes, images=images)
    more = images | {"pink": plain_image("", "pink").pixels}
    second = await scoring.scores(model, ADA, tastes=tastes, images=more)
    assert counted == [(0, 4), (4, 2)]
    for before, after in zip(first, second, strict=True):
        assert {name: after[name] for name in images} == before
    assert first[0]["red"].total > first[1]["red"].total
    assert first[2] == first[0]


async def test_known_images_need_no_model() -> None:
    model = ColorModel()
    scoring = CachedScoring(ScoreCache(max_entries=10))
    images = {"red": plain_image("", "red").pixels}
    first = await scoring.scores(model, ADA, tastes=[likes("red")], images=images)
    model.unavailable["score"] = "out of memory"
    assert await scoring.scores(model, ADA, tastes=[likes("red")], images=images) == first
