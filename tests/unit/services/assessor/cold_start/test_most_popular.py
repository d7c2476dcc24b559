"""The images that others like most are known without a list, and forget erased users."""

from services.assessor.popularity.counts import Popularity
from shared.domain.images.image_key import ImageKey
from shared.domain.user import User
from tests.unit.services.assessor.cold_start.feedback import act

NEW = User("default", "new")


def liked(**likes: int) -> Popularity:
    """That many users like each image, and 20 users have viewed all."""
    popularity = Popularity()
    for image_id, number in likes.items():
        for user in range(20):
            popularity.add(act(f"u-{user}", "like" if user < number else "view", image_id))
    return popularity


def test_the_images_that_are_liked_most_come_first_and_others_not_at_all() -> None:
    popularity = liked(a=3, b=15, c=0, d=9)
    assert popularity.most_popular(NEW, limit=10) == ["b", "d"]
    assert popularity.most_popular(NEW, limit=1) == ["b"]
    assert popularity.most_popular(User("elsewhere", "new"), limit=10) == []


def test_a_single_like_makes_an_image_popular_among_others_but_not_for_its_own_user() -> None:
    popularity = Popularity()
    popularity.add(act("ana", "like", "a"))
    popularity.add(act("bob", "view", "b"))
    assert popularity.most_popular(NEW, limit=10) == ["a"]
    assert popularity.most_popular(User("default", "ana"), limit=10) == []


def test_new_opinions_of_a_small_tenant_count_at_once() -> None:
    popularity = liked(a=5)
    assert popularity.most_popular(NEW, limit=10) == ["a"]
    for user in range(9):
        popularity.add(act(f"u-{user}", "like", "b"))
    # The mean image of the tenant is liked more than `a` now.
    assert popularity.most_popular(NEW, limit=10) == ["b"]


def test_opinions_of_an_erased_user_and_on_a_removed_image_have_no_effect() -> None:
    popularity = Popularity()
    popularity.add(act("ana", "like", "a"))
    popularity.add(act("bob", "like", "b"))
    popularity.add(act("cy", "view", "c"))
    assert set(popularity.most_popular(NEW, limit=10)) == {"a", "b"}
    popularity.forget(User("default", "ana"))
    assert popularity.most_popular(NEW, limit=10) == ["b"]
    popularity.forget_image(ImageKey("default", "b"))
    assert popularity.most_popular(NEW, limit=10) == []


def test_viewers_are_counted_by_image() -> None:
    assert liked(a=3).viewers("default", image_ids=["a", "b"]) == {"a": 20}
    assert Popularity().viewers("default", image_ids=["a"]) == {}
