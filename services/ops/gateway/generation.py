"""`POST /v1/users/{user_id}/prompt`: a text-to-image prompt in a user's taste, and its image."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Path
from pydantic import Field
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.gateway.request_body import body_of, request_schema
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Writer
from services.ops.http.problems import Problem
from shared.client import NoAnswer, request
from shared.domain.taste import Value
from shared.events.types.feed import RankedItem
from shared.events.types.fields import Identifier
from shared.images.file_types import data_uri
from shared.prompting.text_to_image.image_server import ImageServer
from shared.prompting.text_to_image.prompt_writer import ImagePrompt, image_prompt

router = APIRouter(prefix="/v1", tags=["profiles"])
MAX_TEXT_CHARACTERS = 1_000
FEED_SECONDS = 60.0


class PromptBody(Value):
    """What to draw in a user's taste."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS, pattern=r"\S")]
    """What the image shows, such as `a harbor`."""
    tenant: Identifier | None = None
    """Default: the tenant of the token, else `default`."""
    generate: bool = False
    """Whether to draw the image too, at the text-to-image server of the settings."""


class GeneratedImage(Value):
    """An image that was drawn for the user, and its assessment."""

    uri: str
    """The image as a data URI."""
    assessment: RankedItem | None
    """The item of a feed of this image alone; none when the assessor did not answer in time."""


class Prompts(Value):
    """A prompt and a negative prompt for a text-to-image model."""

    prompt: str
    """The text, and the words that the user likes."""
    negative_prompt: str
    """The words that the user dislikes; empty without any."""
    image: GeneratedImage | None = None
    """Only with `generate`."""


@router.post(
    "/users/{user_id:path}/prompt",
    openapi_extra=request_schema(PromptBody),
    responses={200: {"model": Prompts}, **FAILURES},
)
async def prompt(
    ops: Context,
    principal: Writer,
    user_id: Annotated[Identifier, Path()],
    body: Annotated[PromptBody, Depends(body_of(PromptBody))],
) -> Response:
    """Turn a profile into a prompt for a text-to-image model; with `generate`, draw the image."""
    tenant = tenant_for(principal, body.tenant)
    stored = await ops.stores.profiles.get(tenant=tenant, user_id=user_id)
    if stored is None:
        raise Problem(
            404, "no-profile", "This user has no profile yet; send likes to /v1/feedback."
        )
    prompts = image_prompt(body.text, stored.taste)
    image = await _image(ops, prompts, tenant=tenant, user_id=user_id) if body.generate else None
    response = Prompts(prompt=prompts.prompt, negative_prompt=prompts.negative_prompt, image=image)
    return Response(response.model_dump_json(), media_type="application/json")


async def _image(
    ops: OpsContext, prompts: ImagePrompt, *, tenant: str, user_id: str
) -> GeneratedImage:
    if ops.generation.image_generator is None:
        raise Problem(
            409, "no-image-generator", "No text-to-image server is set. Set"
            " PREFERSTREAM_IMAGE_GENERATOR, or send the request without `generate`.",
        )  # fmt: skip
    async with ImageServer(ops.generation) as server:
        (drawn,) = await server.generate(prompts)
    image_id = f"imagined-{uuid4()}"
    uri = data_uri(drawn)
    event = request(user_id, {image_id: uri}, tenant=tenant, explain="all")
    try:
        feed = await ops.kafka.answer(event, seconds=FEED_SECONDS)
    except NoAnswer:
        return GeneratedImage(uri=uri, assessment=None)
    return GeneratedImage(uri=uri, assessment=feed.items[0] if feed.items else None)
