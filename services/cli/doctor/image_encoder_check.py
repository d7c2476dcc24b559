"""Check that the image encoder of the settings can encode an image."""

import asyncio

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from shared.domain.errors import Unavailable
from shared.embedding.images.encoders.settings import PRETRAINED, ImageEncoderSettings
from shared.embedding.images.settings import SubjectSettings
from shared.settings import InvalidSettings, from_environment


def check_image_encoder(_: ConnectionSettings) -> CheckResult:
    """Open the encoder as the services do: its weights are read, or its server is tried."""
    from shared.embedding.images.encoders.errors import BadEncoder

    name = "image encoder"
    try:
        if not from_environment(SubjectSettings).subject_ranking:
            return CheckResult(name, True, "off; images are ranked by their look alone")
        settings = from_environment(ImageEncoderSettings)
        return CheckResult(name, True, asyncio.run(_opened(settings)))
    except InvalidSettings as error:
        return CheckResult(name, False, str(error), "correct the variable")
    except BadEncoder as error:
        advice = "correct the setting, or unset it to use the pretrained network"
        if settings.image_encoder_server is None and settings.image_encoder == PRETRAINED:
            advice = "run `make` again"
        return CheckResult(name, False, str(error), advice)
    except Unavailable as error:
        advice = "start the server, or correct PREFERSTREAM_IMAGE_ENCODER_SERVER"
        return CheckResult(name, False, error.detail, advice)


async def _opened(settings: ImageEncoderSettings) -> str:
    from shared.embedding.images.factory import open_image_encoder

    async with open_image_encoder(settings) as encoder:
        place = f" at {settings.image_encoder_server}" if settings.image_encoder_server else ""
        return f"{encoder.name}, {encoder.dimension} numbers a vector{place}"
