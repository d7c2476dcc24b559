"""`preferstream catalog`: fill the catalog from a folder, list, show and remove its images."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.catalog.adding import (
    Added,
    Indexed,
    add_images,
    published_entries,
    wait_for_indexing,
)
from services.cli.catalog.fitting import fit
from services.cli.catalog.folder_images import FolderOptions, folder_images
from services.cli.catalog.gateway import open_gateway
from services.cli.catalog.tables import image_lines, images_table
from services.cli.connection import connect, messaging_settings
from services.cli.output.console import (
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.output.counts import count
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from services.local.runtime_file import RuntimeFile
from shared.client import Client
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import DEFAULT_TENANT
from shared.events.topics import CATALOG
from shared.images.picture_folder import picture_folder
from shared.messaging.read.tail import whole_topic
from shared.store.catalog.images import Status

app = typer.Typer(
    help="The catalog (images from which feeds are made): add, list, show, remove, fit.",
    no_args_is_help=True,
)
app.command()(fit)
FOLDER_HELP = "Folder with pictures, with its subfolders. The id of an image is its path below it."
SHOWN_REASONS = 10
Tenant = Annotated[str, typer.Option(help="Tenant of the images.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    folder: Annotated[Path, typer.Argument(help=FOLDER_HELP)],
    tag: Annotated[
        list[str] | None, typer.Option(help="Tag of all images; can be repeated.")
    ] = None,
    tags_from_folders: Annotated[
        bool, typer.Option("--tags-from-folders", help="Names of the subfolders become tags.")
    ] = False,
    author: Annotated[str | None, typer.Option(help="Author of all images.")] = None,
    tenant: Tenant = DEFAULT_TENANT,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the images are indexed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Publish the pictures of a folder; what the catalog has already is skipped.

    Example: preferstream catalog add pictures/ --tags-from-folders --wait
    """
    try:
        pictures = picture_folder(folder)
    except NotADirectoryError as error:
        wrong_use(str(error))
    if left_out := pictures.left_out():
        print_progress(left_out)
    if not pictures.files:
        fail(f"{folder} contains no pictures that can be read (PNG, JPEG, WebP, GIF, BMP)")
    system = connect()
    options = FolderOptions(
        folder, system.allowed_file_roots, tenant,
        tags=tuple(tag or ()), tags_from_folders=tags_from_folders, author=author,
    )  # fmt: skip
    added = Added(len(pictures.files))
    settings = messaging_settings(system)
    try:
        with interruptible(added.sentence), Client(settings, tenant=tenant) as client:
            known = published_entries(whole_topic(settings, CATALOG), tenant=tenant)
            images = folder_images(pictures.files, options)
            add_images(client, images, known, added, on_progress=print_progress)
        indexed = _wait(system, added, tenant=tenant) if wait else None
    except (Unavailable, Unprocessable) as error:
        fail(f"{error.detail}. {added.sentence()}" if added.accepted else error.detail)
    _report(added, indexed, as_json=as_json)


def _wait(system: RuntimeFile, added: Added, *, tenant: str) -> Indexed:
    sentence = "the images are published and will be indexed"
    with interruptible(lambda: sentence), open_gateway(system) as gateway:
        return wait_for_indexing(
            gateway, [*added.accepted, *added.unchanged], tenant=tenant, on_progress=print_progress
        )


def _report(added: Added, indexed: Indexed | None, *, as_json: bool) -> None:
    if as_json:
        result = {
            "accepted": len(added.accepted),
            "unchanged": len(added.unchanged),
            "unreadable": [{"file": str(f.path), "reason": f.reason} for f in added.refused],
        }
        if indexed is not None:
            result |= {"indexed": indexed.indexed, "failed": dict(indexed.failed)}
        print_json(result)
    else:
        print_line(
            f"{count(len(added.accepted), 'image')} accepted, {len(added.unchanged)} unchanged,"
            f" {len(added.refused)} refused"
        )
        for file in added.refused[:SHOWN_REASONS]:
            print_line(Id(str(file.path)), f" {file.reason}")
        if len(added.refused) > SHOWN_REASONS:
            print_line(f"and {len(added.refused) - SHOWN_REASONS} more; --json lists all")
        if indexed is not None:
            print_line(f"{indexed.indexed} indexed, {len(indexed.failed)} failed")
            for image_id, reason in list(indexed.failed.items())[:SHOWN_REASONS]:
                print_line(Id(image_id), f": {reason}")
    if not added.accepted and not added.unchanged:
        fail("no image was accepted")


@app.command("list")
def list_(
    tag: Annotated[
        list[str] | None, typer.Option(help="Only images with one of these tags.")
    ] = None,
    author: Annotated[
        list[str] | None, typer.Option(help="Only images of one of these authors.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(help="Only images that are indexed, waiting or failed.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Largest number of images.")] = 50,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="Print images as JSON lines.")] = False,
) -> None:
    """List images of the catalog with their state and words.

    Example: preferstream catalog list --tag birds --status failed
    """
    if status not in (None, *Status.__args__):  # type: ignore[attr-defined]  # a Literal has them
        wrong_use(f"--status must be indexed, waiting or failed, not {status}")
    try:
        with open_gateway(connect()) as gateway:
            images = list(
                gateway.images(
                    limit=limit + 1, tags_any=tag, author_ids=author, status=status, tenant=tenant
                )
            )
    except (Unavailable, Unprocessable) as error:
        fail(error.detail)
    shown = images[:limit]
    if as_json:
        for image in shown:
            print_json(image)
    elif shown:
        print_rows(images_table(shown))
    else:
        print_line(_no_image(tenant, any_image=not (tag or author or status)))
    if len(images) > limit:
        print_progress(f"there are more than {limit}; --limit shows more")


@app.command()
def show(
    image_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the image.")],
    audience: Annotated[
        bool, typer.Option("--audience", help="Also the users whose taste it meets.")
    ] = False,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Show one image: what was published, its words, and why it cannot be indexed.

    Example: preferstream catalog show birds/robin.jpg
    """
    try:
        with open_gateway(connect()) as gateway:
            image = gateway.images_by_id([image_id], tenant=tenant).get(image_id)
            if image is None:
                fail(f"the catalog of the tenant {tenant} has no image {image_id}")
            users = gateway.audience(image_id, tenant=tenant) if audience else None
    except (Unavailable, Unprocessable) as error:
        fail(error.detail)
    if as_json:
        print_json(image if users is None else {**image, "audience": users})
        return
    for line in image_lines(image):
        print_line(*line)
    for user in users or ():
        print_line(("audience: ", "bold"), Id(user["user_id"]), f" {user['score']:.1f} of 25")
    if users == []:
        print_line("the image meets the taste of no user")


@app.command()
def remove(
    image_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of the images.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Remove images from the catalog; an unknown id is no error.

    Example: preferstream catalog remove birds/robin.jpg --yes
    """
    system = connect()
    ids = list(dict.fromkeys(image_ids))
    if not yes and not _is_confirmed(f"Remove {count(len(ids), 'image')} from the catalog?"):
        fail("nothing was removed; a program confirms with --yes")
    try:
        with (
            interruptible(lambda: "stopped while removing; run the same command again"),
            Client(messaging_settings(system), tenant=tenant) as client,
        ):
            client.remove_images(*ids)
    except (Unavailable, Unprocessable) as error:
        fail(error.detail)
    if as_json:
        print_json({"removed": ids})
    else:
        print_line(f"{count(len(ids), 'image')} removed; feeds leave them out within seconds")


def _is_confirmed(question: str) -> bool:
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:  # the input has ended: a program runs the command
        return False


def _no_image(tenant: str, *, any_image: bool) -> str:
    if any_image:
        return (
            f"the catalog of the tenant {tenant} has no image; `preferstream catalog add FOLDER`"
            " publishes pictures"
        )
    return f"the catalog of the tenant {tenant} has no image that meets these conditions"
