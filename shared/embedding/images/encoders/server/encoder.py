"""Encode images at an embedding server: batches in the layout of the settings."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Self

from PIL import Image, ImageDraw

from shared.domain.errors import Unavailable, Unprocessable
from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.name import encoder_name
from shared.embedding.images.encoders.server.connection import Connection
from shared.embedding.images.encoders.server.layouts import BadResponse, Inputs, Layout, Messages
from shared.embedding.images.encoders.server.responses import PART, NotFound
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.encoders.unit_vectors import rows, unit_vector
from shared.embedding.protocol import Vectors
from shared.vlm.server.data_urls import LimitedSize

TRIAL_SIDE: Final = 224


class ServerEncoder:
    """An `ImageEncoder` at a server. Raises `Unavailable` while the server does not answer."""

    def __init__(
        self, server: Connection, layout: Layout, *, model: str, name: str, longest_side: int
    ) -> None:
        self._server = server
        self._layout = layout
        self._model = model
        self._name = name
        self._size = LimitedSize(longest_side)
        self._dimension: int | None = None

    @classmethod
    async def open(cls, settings: ImageEncoderSettings) -> Self:
        """Find the model and try it on an image; raises `BadEncoder` and `Unavailable`."""
        instruction, role = (
            settings.image_encoder_instruction,
            settings.image_encoder_instruction_role,
        )
        layout: Layout = Messages(instruction, role)
        if settings.image_encoder_server_layout == "inputs":
            layout = Inputs(instruction, batch=settings.image_encoder_batch)
        server = Connection(settings)
        try:
            model = settings.image_encoder_server_model or await _only_model(server)
            encoder = cls(
                server, layout, model=model,
                name=encoder_name(model, instruction and f"{layout.route} {role} {instruction}"),
                longest_side=settings.image_encoder_server_longest_side,
            )  # fmt: skip
            await encoder._try_out()
        except BaseException:
            await server.close()
            raise
        return encoder

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        assert self._dimension is not None
        return self._dimension

    @property
    def address(self) -> str:
        return str(self._server.address)

    async def encode(self, images: Sequence[Image.Image]) -> Vectors:
        size = self._layout.batch
        batches = [images[start : start + size] for start in range(0, len(images), size)]
        results = await asyncio.gather(
            *(self._results(batch) for batch in batches), return_exceptions=True
        )
        vectors: list[Vectors | Unprocessable] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            vectors += result
        return rows(vectors, dimension=self.dimension)

    async def close(self) -> None:
        await self._server.close()

    async def _results(self, images: Sequence[Image.Image]) -> list[Vectors | Unprocessable]:
        try:
            vectors = await self._vectors(images)
        except NotFound as error:
            raise Unavailable(
                PART, f"{self.address} has no model {self._model} any more: {error}"
            ) from error
        except Unprocessable as error:
            if len(images) == 1:
                return [error]
            # One at a time: only the image at fault is left out.
            return [result for image in images for result in await self._results([image])]
        return [self._checked(vector) for vector in vectors]

    async def _vectors(self, images: Sequence[Image.Image]) -> list[list[float]]:
        urls = [await asyncio.to_thread(self._size.data_url, image) for image in images]
        response = await self._server.post(
            self._layout.route, self._layout.request(self._model, urls)
        )
        try:
            return self._layout.vectors(response, count=len(images))
        except BadResponse as error:
            raise Unavailable(
                PART, f"the response of {self.address}/{self._layout.route} is not usable: {error}"
            ) from error

    def _checked(self, vector: list[float]) -> Vectors | Unprocessable:
        if len(vector) != self.dimension:
            raise Unavailable(
                PART,
                f"{self.address} now returns vectors of {len(vector)} numbers instead of"
                f" {self.dimension}: its model has changed. Restart this service to encode all"
                " images with the new model",
            )
        try:
            return unit_vector(vector)
        except Unprocessable as error:
            return error

    async def _try_out(self) -> None:
        """Encode an image that every model can read, and learn the dimension."""
        try:
            (vector,) = await self._vectors([trial_image()])
            unit_vector(vector)
        except NotFound as error:
            raise BadEncoder(
                f"{self.address} has no route /{self._layout.route} or no model {self._model}:"
                f" {error}. Start an embedding model (`vllm serve MODEL --runner pooling`), and"
                " check PREFERSTREAM_IMAGE_ENCODER_SERVER and"
                " PREFERSTREAM_IMAGE_ENCODER_SERVER_MODEL"
            ) from error
        except Unprocessable as error:
            raise BadEncoder(
                f"{error.detail}. It must serve an embedding model that sees images; check also"
                " PREFERSTREAM_IMAGE_ENCODER_SERVER_LAYOUT and"
                " PREFERSTREAM_IMAGE_ENCODER_INSTRUCTION"
            ) from error
        self._dimension = len(vector)


def trial_image() -> Image.Image:
    """The image that is encoded at the start: a disk and a square on a ground."""
    image = Image.new("RGB", (TRIAL_SIDE, TRIAL_SIDE), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((24, 24, 120, 120), fill="orange")
    draw.rectangle((112, 104, 200, 200), fill="navy")
    return image


async def _only_model(server: Connection) -> str:
    """The model of a server that has one; raises `BadEncoder`."""
    try:
        cards: Any = (await server.get("v1/models"))["data"]
        names = [str(card["id"]) for card in cards]
    except (NotFound, Unprocessable, TypeError, KeyError) as error:
        raise BadEncoder(
            f"{server.address} lists no models under /v1/models; check"
            " PREFERSTREAM_IMAGE_ENCODER_SERVER, or put the model's name into"
            " PREFERSTREAM_IMAGE_ENCODER_SERVER_MODEL"
        ) from error
    if len(names) != 1:
        raise BadEncoder(
            f"{server.address} serves {', '.join(names) or 'nothing'}; put the name of the model to"
            " use into PREFERSTREAM_IMAGE_ENCODER_SERVER_MODEL"
        )
    return names[0]
