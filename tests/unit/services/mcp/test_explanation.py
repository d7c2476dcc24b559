"""An explanation names the shop's rules, the evidence, the scores and chance."""

from services.mcp.explanation import sentences
from shared.events import AppliedRule, RankedFeed
from shared.events.documents.examples_from_preferstream import FROM_PREFERSTREAM


def test_all_reasons_of_an_image_are_named() -> None:
    feed = next(f for f, _ in FROM_PREFERSTREAM if isinstance(f, RankedFeed))
    pinned = feed.items[0].model_copy(
        update={"rules": (*feed.items[0].rules, AppliedRule(kind="pin", name="campaign"))}
    )
    reasons = sentences(pinned, feed)
    assert reasons[0] == "the shop's rule 'campaign' pins it to this place"
    text = "\n".join(reasons)
    for part in (
        "watercolour, as in 3 of your 4 likes",
        "the model scored it against the taste",
        "drawn by chance",
        "total 17.1 of 25",
        "detail 1.0 of 5: intricate is disliked",
        "too similar to images above",
        "adds +0.5 points",
        "rank 2 without the shop's rules",
        "exploration chose at random",
        "the feed is degraded",
    ):
        assert part in text, part
