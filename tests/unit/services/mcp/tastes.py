"""A small taste and a small feed for tests of the tools."""

import numpy as np

from shared.domain.ids import derived_id
from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.events import ImageCandidates, RankedFeed, RankedItem
from shared.store.protocol import Reference, StoredProfile, TasteVectors
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import NOW, Site


async def store_taste(fake_site: Site, user_id: str) -> None:
    """The user likes pastel colors, by one liked image."""
    side = TasteSide(color=(WeightedWord(word="pastel", weight=0.8),))
    profile = StoredProfile(
        tenant="default",
        user_id=user_id,
        prediction_version=2,
        predicted=Taste(preference=side),
        references=(
            Reference(
                image_id="a",
                uri="https://images.example/a.png",
                content_hash="a",
                event_id=str(derived_id("test", user_id)),
                side="liked",
                action="like",
                occurred_at=NOW,
            ),
        ),
        model_version="nano-1",
        updated_at=NOW,
    )
    vectors = TasteVectors(np.zeros(5, np.float32), np.zeros(5, np.float32))
    await fake_site.profiles.put(profile, vectors)


def ranked(request: ImageCandidates) -> RankedFeed:
    """A feed of the listed images in their order, ranked by nothing."""
    items = (
        RankedItem(image_id=c.image_id, rank=rank, score=None, elements=None, tier="fallback")
        for rank, c in enumerate(request.candidates, start=1)
    )
    return feed_of(request).model_copy(update={"items": tuple(items)})
