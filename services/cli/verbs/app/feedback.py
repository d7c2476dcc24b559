"""`preferstream feedback`: send feedback of a user on images."""

from pathlib import Path
from typing import Annotated, get_args

import typer
from pydantic import ValidationError

from services.cli.connection import connect, messaging_settings
from services.cli.files.inputs import NoImages, image_uri
from services.cli.output.console import fail, print_json, print_line, wrong_use
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from shared.client import Client
from shared.client import action as made
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import DEFAULT_TENANT, Feedback
from shared.events.types.feedback import Action
from shared.events.wire.validation_problems import describe_problems

ACTIONS = get_args(Action)


def feedback(
    action: Annotated[str, typer.Argument(help=", ".join(ACTIONS))],
    images: Annotated[
        list[str], typer.Argument(help="Image files, URIs, or image ids from a feed.")
    ],
    user: Annotated[str, typer.Option(help="Id of the user.")],
    request_id: Annotated[
        str | None, typer.Option(help="Request id of the feed that showed the images.")
    ] = None,
    dwell_ms: Annotated[
        int | None,
        typer.Option(min=0, help="How long the user looked at the image, in milliseconds."),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Tenant of the user.")] = DEFAULT_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="Print the event ids as JSON.")] = False,
) -> None:
    """Send one feedback event per image.

    Example: preferstream feedback reference_like --user ada liked/*.png
    """
    if action not in ACTIONS:
        wrong_use(f"{action} is not an action; use one of {', '.join(ACTIONS)}")
    system = connect()
    try:
        events = [
            _event(action, image, system.allowed_file_roots, user=user, request_id=request_id,
                   dwell_ms=dwell_ms, tenant=tenant)
            for image in images
        ]  # fmt: skip
        with (
            interruptible(
                lambda: f"stopped while sending {len(events)} events; some may be missing"
            ),
            Client(messaging_settings(system)) as app,
        ):
            app.send(*events)
    except NoImages as error:
        wrong_use(str(error))
    except ValidationError as error:
        wrong_use(describe_problems(error))
    except (Unavailable, Unprocessable) as error:
        fail(error.detail)
    if as_json:
        print_json({"sent": [str(event.event_id) for event in events]})
    else:
        print_line(f"sent {len(events)} {action} for ", Id(user))


def _event(
    action: str, image: str, roots: tuple[str, ...], *, user: str, request_id: str | None,
    dwell_ms: int | None, tenant: str,
) -> Feedback:  # fmt: skip
    path = Path(image)
    uri: str | None = None
    if "://" in image or image.startswith("data:"):
        uri = image
    elif path.is_file():
        uri = image_uri(path, roots=roots)
    kind: Action = action  # type: ignore[assignment]  # checked at the start of the command
    image_id = path.name if uri else image
    return made(
        user, kind, image_id, uri=uri, request_id=request_id, dwell_ms=dwell_ms, tenant=tenant
    )
