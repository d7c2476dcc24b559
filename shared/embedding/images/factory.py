"""Open the image encoder that the settings name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.settings import PRETRAINED, ImageEncoderSettings
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.protocol import ImageEncoder


@asynccontextmanager
async def open_image_encoder(settings: ImageEncoderSettings) -> AsyncIterator[ImageEncoder]:
    """The encoder, closed at exit; raises `BadEncoder` and `Unavailable`.

    A wrong encoder is refused here, at the start of a process, and not with the first image.
    """
    if settings.image_encoder_server is not None:
        if settings.image_encoder != PRETRAINED:
            raise BadEncoder(
                "PREFERSTREAM_IMAGE_ENCODER and PREFERSTREAM_IMAGE_ENCODER_SERVER are both set;"
                " unset one of them. The name of a model at the server is"
                " PREFERSTREAM_IMAGE_ENCODER_SERVER_MODEL"
            )
        # Each encoder is imported where it is chosen: torch takes seconds.
        from shared.embedding.images.encoders.server.encoder import ServerEncoder

        at_server = await ServerEncoder.open(settings)
        try:
            yield at_server
        finally:
            await at_server.close()
    elif settings.image_encoder != PRETRAINED:
        from shared.embedding.images.encoders.sentence_transformer import SentenceTransformerEncoder

        model = await asyncio.to_thread(SentenceTransformerEncoder.load, settings)
        try:
            yield model
        finally:
            model.close()
    else:
        await asyncio.to_thread(_check_weights)
        pretrained = PretrainedEncoder()
        # It loads in the background while the other dependencies open.
        pretrained.warm()
        try:
            yield pretrained
        finally:
            pretrained.close()


def _check_weights() -> None:
    from shared.embedding.images.package_weights import check_weights

    check_weights()
