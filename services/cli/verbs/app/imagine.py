"""`preferstream imagine`: draw an image in a user's taste, or print the prompt for it."""

import asyncio
from pathlib import Path
from typing import Annotated, Final
from uuid import uuid4

import typer

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import fail, print_json, print_line, print_progress
from services.cli.output.literal_text import literal
from shared.client import Client, NoAnswer
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import Taste
from shared.events import DEFAULT_TENANT, ProfileUpdated
from shared.events.types.feed import RankedItem
from shared.images.file_types import data_uri, ending
from shared.prompting.text_to_image.image_server import ImageServer
from shared.prompting.text_to_image.prompt_writer import ImagePrompt, image_prompt
from shared.prompting.text_to_image.settings import GenerationSettings
from shared.settings import from_environment

MAX_IMAGES: Final = 10
FEED_SECONDS: Final = 120.0


def imagine(
    user: Annotated[str, typer.Argument(help="Id of the user.")],
    text: Annotated[str, typer.Argument(help='What to draw, such as "a harbor".')],
    out: Annotated[Path, typer.Option(help="Folder for the images.")] = Path(),
    count: Annotated[int, typer.Option(min=1, max=MAX_IMAGES, help="Number of images.")] = 1,
    tenant: Annotated[str, typer.Option(help="Tenant of the user.")] = DEFAULT_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draw images in a user's taste, and assess them against the same profile.

    Without PREFERSTREAM_IMAGE_GENERATOR, it prints the prompts for a text-to-image model alone.

    Example: preferstream imagine ada "a harbor"
    """
    if not text.strip():
        fail("the text is empty; say what to draw, such as: preferstream imagine ada 'a harbor'")
    settings = from_environment(GenerationSettings)
    system = connect()
    try:
        with Client(messaging_settings(system), tenant=tenant) as client:
            prompts = image_prompt(text, _taste(client.profile(user), user))
            if not prompts.words and not prompts.avoided and not as_json:
                print_progress(f"the profile of {user} names no word yet: the prompt is your text")
            files: list[Path] = []
            items: dict[str, RankedItem] = {}
            if settings.image_generator is not None:
                if not as_json:
                    number = "an image" if count == 1 else f"{count} images"
                    print_progress(f"{settings.image_generator} draws {number}")
                out.mkdir(parents=True, exist_ok=True)  # before an image is paid for
                images = asyncio.run(_generated(settings, prompts, count))
                files = _written(images, out)
                items = _assessed(client, user, dict(zip(files, images, strict=True)))
    except (Unavailable, Unprocessable) as error:
        fail(error.detail)
    except NoAnswer as error:
        fail(f"the images were drawn and not assessed: {error}")
    _print(prompts, files, items, as_json=as_json)


def _taste(profile: ProfileUpdated | None, user: str) -> Taste:
    if profile is None:
        fail(
            f"{user} has no profile yet; send likes with"
            f" `preferstream feedback reference_like FILE --user {user}`"
        )
    return Taste(preference=profile.preference, non_preference=profile.non_preference)


async def _generated(settings: GenerationSettings, prompts: ImagePrompt, count: int) -> list[bytes]:
    async with ImageServer(settings) as server:
        return await server.generate(prompts, count=count)


def _written(images: list[bytes], folder: Path) -> list[Path]:
    batch = uuid4().hex[:8]
    files = [
        folder / f"imagined-{batch}-{number}.{ending(image)}"
        for number, image in enumerate(images, start=1)
    ]
    for file, image in zip(files, images, strict=True):
        file.write_bytes(image)
    return files


def _assessed(client: Client, user: str, images: dict[Path, bytes]) -> dict[str, RankedItem]:
    """The items of a feed of these images, by file name."""
    uris = {file.name: data_uri(image) for file, image in images.items()}
    feed = client.rank(user, uris, explain="all", seconds=FEED_SECONDS)
    return {item.image_id: item for item in feed.items}


def _print(
    prompts: ImagePrompt, files: list[Path], items: dict[str, RankedItem], *, as_json: bool
) -> None:
    if as_json:
        print_json(
            {
                "prompt": prompts.prompt,
                "negative_prompt": prompts.negative_prompt,
                "images": [
                    {
                        "file": str(file),
                        "assessment": items[file.name].model_dump(mode="json")
                        if file.name in items
                        else None,
                    }
                    for file in files
                ],
            }
        )
        return
    print_line(f"prompt:          {literal(prompts.prompt)}")
    print_line(f"negative prompt: {literal(prompts.negative_prompt) or 'nothing to leave out'}")
    for file in files:
        item = items.get(file.name)
        score = "not assessed" if item is None or item.score is None else f"{item.score:.1f} of 25"
        print_line(f"{file}: {score}")
        if item is not None and item.elements is not None:
            for name, element in item.elements:
                if element.rationale:
                    print_line(f"  {name.replace('_', ' ')}: {literal(element.rationale)}")
