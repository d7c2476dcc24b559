"""`preferstream profile`: show, correct and export a user's taste profile."""

from functools import partial
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from services.cli.connection import connect, messaging_settings
from services.cli.output import tables
from services.cli.output.console import fail, print_json, print_line, print_rows, wrong_use
from services.cli.output.joint_tastes import joint_taste_table
from services.cli.output.profile_history import history_lines
from services.cli.output.subjects import unseen_pins
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from shared.client import Client, correction
from shared.client.corrections import contains_correction
from shared.client.user_records import records_about
from shared.domain.corrections import SIDES
from shared.domain.errors import Unavailable
from shared.domain.subjects.element import PROFILE_ELEMENTS, SUBJECT
from shared.domain.user import User
from shared.events import DEFAULT_TENANT, ProfileCorrected, ProfileUpdated
from shared.events.topics import CANDIDATES, CORRECTIONS, FEEDBACK, FEEDS
from shared.messaging.client.connection import settings_of
from shared.messaging.read.tail import whole_topic
from shared.settings import from_environment
from shared.store.settings import StoreSettings

EXPORTED = (FEEDBACK, CORRECTIONS, CANDIDATES, FEEDS)
CORRECTION_UNKNOWN = (
    "stopped before a profile contained the correction; if it was sent, it is applied nevertheless:"
    " `preferstream profile show` shows it"
)
app = typer.Typer(help="A user's taste profile: show, correct, export.", no_args_is_help=True)

UserArgument = Annotated[str, typer.Argument(help="Id of the user.")]
Which = Annotated[
    str, typer.Argument(metavar="ELEMENT", help=", ".join(e.value for e in PROFILE_ELEMENTS))
]
Word = Annotated[str, typer.Argument(help="Word, as in `profile show`.")]
SideOption = Annotated[
    str | None, typer.Option(metavar="SIDE", help=f"{SIDES[0]} (likes) or {SIDES[1]} (dislikes).")
]
Tenant = Annotated[str, typer.Option(help="Tenant of the user.")]
Seconds = Annotated[float, typer.Option(min=0, help="Timeout in seconds for the new profile.")]
Json = Annotated[bool, typer.Option("--json", help="Print the whole event as JSON.")]


@app.callback()
def _profile() -> None:
    """A user's taste profile: show, correct, export."""


@app.command()
def show(user: UserArgument, tenant: Tenant = DEFAULT_TENANT, as_json: Json = False) -> None:
    """Show the current taste profile of a user.

    Example: preferstream profile show ada
    """
    _print_profile(_latest(user, tenant), as_json)


@app.command()
def pin(
    user: UserArgument, element: Which, word: Word, side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Keep a word in the profile, whatever the model predicts.

    Example: preferstream profile pin ada color blue
    """
    _correct(user, "pin", seconds, as_json, tenant=tenant, element=element, side=side, word=word)


@app.command()
def veto(
    user: UserArgument, element: Which, word: Word, side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Remove a word for good, whatever the model predicts; on both sides, unless --side is given.

    Example: preferstream profile veto ada art_style cubism
    """
    _correct(user, "veto", seconds, as_json, tenant=tenant, element=element, side=side, word=word)


@app.command()
def edit(
    user: UserArgument, element: Which,
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Words, optionally with a weight 0-1: blue=0.8. None: unknown."),
    ] = None,
    side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Replace the predicted words of an element for good.

    Example: preferstream profile edit ada color blue=1 "deep red=0.5"
    """
    written = tuple(_weighted(word) for word in words or ())
    _correct(user, "edit", seconds, as_json, tenant=tenant, element=element, side=side,
             words=written)  # fmt: skip


@app.command()
def reset(
    user: UserArgument,
    element: Annotated[str | None, typer.Argument(help="Only this element; default: all.")] = None,
    side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Undo pins, vetoes and edits: the predicted words are used again.

    Example: preferstream profile reset ada color
    """
    _correct(user, "reset", seconds, as_json, tenant=tenant, element=element, side=side)


@app.command()
def export(user: UserArgument, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Print everything that is stored about a user as JSON.

    From Kafka, the lake and the profile store; `not_searched` names what could not be read.

    Example: preferstream profile export ada > ada.json
    """
    system = connect()
    try:
        with Client(messaging_settings(system), tenant=tenant) as client:
            profile = client.profile(user)
        events: dict[str, list[Any]] = {}
        for topic in EXPORTED:
            records = whole_topic(settings_of(messaging_settings(system)), topic)
            user_records = records_about(records, tenant=tenant, user_id=user)
            events[topic.name] = [(r.value or b"").decode("utf-8", "replace") for r in user_records]
    except Unavailable as error:
        fail(error.detail)
    # Imported here: Delta and Qdrant take seconds, and only the export needs them.
    from services.cli.files.paths import lake_settings
    from services.cli.user_data.export import read_stored_user_data

    stored = read_stored_user_data(
        User(tenant, user),
        store=from_environment(StoreSettings),
        lake=lake_settings(),
        dashboard=system.dashboard,
    )
    if profile is None and not any(events.values()) and not stored:
        fail(f"no data of {user} is stored")
    print_json(
        {
            "user_id": user,
            "tenant": tenant,
            "profile": profile.model_dump(mode="json") if profile else None,
            "events": events,
            "stored": stored.stored,
            "lake": stored.lake,
            "not_searched": stored.not_searched,
        }
    )


def _correct(user: str, action: Any, seconds: float, as_json: bool, **fields: Any) -> None:
    """Send a correction, and show the first profile that contains it."""
    element = fields.pop("element")
    if element is not None:
        fields["element"] = element.strip().lower().replace(" ", "_").replace("-", "_")
    try:
        event = correction(user, action, **fields)
    except ValidationError as error:
        wrong_use(_problem(error))
    system = connect()
    try:
        with (
            interruptible(lambda: CORRECTION_UNKNOWN),
            Client(messaging_settings(system), tenant=event.tenant) as client,
        ):
            profile = client.profile_when(
                user, partial(_has, event=event), after=lambda: client.send(event), seconds=seconds
            )
    except Unavailable as error:
        fail(error.detail)
    if profile is None:
        fail(
            f"the correction was sent, but no profile contained it within {seconds:g} s. Check with"
            " `preferstream doctor` that the profile service runs"
        )
    _print_profile(profile, as_json)
    if event.element == SUBJECT and event.word is not None and not as_json:
        for line in unseen_pins(profile, event.word):
            print_line(line)


def _has(profile: ProfileUpdated, *, event: ProfileCorrected) -> bool:
    return contains_correction(profile, event)


def _latest(user: str, tenant: str) -> ProfileUpdated:
    system = connect()
    try:
        with Client(messaging_settings(system), tenant=tenant) as client:
            latest = client.profile(user)
    except Unavailable as error:
        fail(error.detail)
    if latest is None:
        fail(f"{user} has no profile yet; send likes with `preferstream feedback reference_like`")
    return latest


def _print_profile(profile: ProfileUpdated, as_json: bool) -> None:
    if as_json:
        print_json(profile.model_dump(mode="json"))
        return
    evidence = profile.evidence
    title = (
        Id(profile.user_id),
        f", version {profile.profile_version}:"
        f" {evidence.liked} liked and {evidence.disliked} disliked references",
    )
    taste = tables.taste_of(profile)
    print_rows(tables.taste_table(taste, title=title, subjects=profile.subjects))
    for line in (
        *tables.weight_lines(profile),
        *tables.correction_lines(profile),
        *history_lines(profile),
    ):
        print_line(line)
    if profile.tastes:
        print_rows(joint_taste_table(profile.tastes))


def _weighted(text: str) -> dict[str, Any]:
    word, sign, weight = text.rpartition("=")
    if not sign:
        return {"word": text}
    try:
        return {"word": word, "weight": float(weight)}
    except ValueError:
        wrong_use(f"{text!r} has no number after the =; write a weight 0-1, such as {word}=0.8")


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the correction"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
