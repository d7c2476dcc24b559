"""The command line prints the tastes of a user with several, and the taste of each image."""

import io

from rich.console import Console

from services.cli.output.joint_tastes import joint_taste_table
from services.cli.output.listing import Listing, print_listing
from services.cli.output.tables import feed_table
from shared.domain.joint_tastes import JointTaste, taste_names
from shared.domain.taste import TasteSide
from shared.events import RankedFeed
from shared.events.documents.examples_from_preferstream import FROM_PREFERSTREAM


def taste(taste_id: str, *, share: float = 0.5, **words: str) -> JointTaste:
    side = TasteSide.model_validate(
        {element: [{"word": word, "weight": 1}] for element, word in words.items()}
    )
    return JointTaste(
        taste_id=taste_id, preference=side, non_preference=TasteSide(),
        reference_ids=(f"{taste_id}-1.png", f"{taste_id}-2.png"), share=share, weight=share,
    )  # fmt: skip


TASTES = (
    taste("meadow", share=0.6, color="blue", medium="watercolor", detail="rich"),
    taste("night", share=0.4, color="neon", medium="pixel art", detail="rich"),
)


def _printed(listing: Listing) -> str:
    output = io.StringIO()
    print_listing(Console(file=output, width=120), listing, width=120)
    return output.getvalue()


def test_each_taste_is_printed_with_its_words_and_references() -> None:
    printed = _printed(joint_taste_table(TASTES))
    assert "2 tastes" in printed
    for text in ("meadow", "60%", "watercolor", "night-1.png", "40%", "neon"):
        assert text in printed


def test_a_feed_names_the_taste_of_each_image_only_for_a_user_with_several() -> None:
    feed = next(event for event, *_ in FROM_PREFERSTREAM if isinstance(event, RankedFeed))
    assert "taste" not in _printed(feed_table(feed))
    by_taste = feed.items[0].model_copy(update={"taste_id": "night"})
    printed = _printed(feed_table(feed.model_copy(update={"items": (by_taste,)})))
    assert "taste" in printed
    assert "night" in printed


def test_a_taste_is_named_by_the_words_that_not_all_tastes_share() -> None:
    assert taste_names(TASTES) == {"meadow": "blue, watercolor", "night": "neon, pixel art"}
    assert taste_names([taste("unknown")]) == {"unknown": "no words"}
    assert taste_names([]) == {}
