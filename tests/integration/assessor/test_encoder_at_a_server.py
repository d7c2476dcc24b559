"""Feeds with an image encoder at a server: a refused picture, and a server that goes away."""

import pytest
from PIL import ImageColor

from shared.domain.weights.subject_weight import SubjectWeight
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.encoders.server import connection
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.factory import open_image_encoder
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side
from tests.fakes.embedding_server import EmbeddingServer
from tests.fakes.images import plain_image
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.users import NOW, request

SIDES: dict[Side, tuple[str, ...]] = {
    "liked": ("red", "orange", "pink"),
    "disliked": ("blue", "navy", "black"),
}
ACTIONS: dict[Side, Action] = {"liked": "like", "disliked": "dislike"}


def references() -> dict[Reference, str]:
    return {
        Reference(
            image_id=color, uri=f"drawing:{color}", side=side, action=ACTIONS[side],
            content_hash=plain_image(color, color).content_hash, occurred_at=NOW, event_id=color,
        ): color
        for side, colors in SIDES.items()
        for color in colors
    }  # fmt: skip


async def test_one_refused_picture_and_an_outage_leave_complete_feeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "RETRY_SECONDS", 0.01)
    server = EmbeddingServer()
    async with server.running():
        settings = ImageEncoderSettings(image_encoder_server=server.address)
        async with open_image_encoder(settings) as encoder:
            encoded = EncodedImages(encoder, InMemoryImageVectors())
            assessor = Assessor(encoded_images=encoded)
            images = [plain_image(color, color) for color in references().values()]
            await encoded.vectors({image.content_hash: image.pixels for image in images})
            await assessor.store_profile_of_ana(
                references=tuple(references()),
                subject_weight=SubjectWeight(weight=0.9, subject_separation=4, look_separation=1),
            )
            red, green, blue = ImageColor.getrgb("green")[:3]
            server.refused_color = (red, green, blue)
            feed = await assessor.feed(request("white", "green", "yellow"))
            subjects = {item.image_id: item.subject for item in feed.items}
            assert feed.status == "ok"
            assert subjects["green"] is None
            assert None not in (subjects["white"], subjects["yellow"])

            server.next_responses.clear()
            server.key = "changed while the service runs"
            later = await assessor.feed(request("purple", "red", request_id="r-2"))
            assert (later.status, image_ids(later)) == ("ok", ["red", "purple"])
            assert {item.subject for item in later.items} == {None}
            await assessor.background_description.stop()
