"""`preferstream profile`: read a taste profile, and correct it."""

from functools import partial
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from services.cli.connection import connect, messaging_settings
from services.cli.output import tables
from services.cli.output.console import fail, out, print_json, wrong_use
from shared.client import Client, correction
from shared.client.corrections import contains_correction
from shared.client.user_records import records_about
from shared.domain.corrections import SIDES
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS
from shared.events import DEFAULT_TENANT, ProfileCorrected, ProfileUpdated
from shared.events.topics import CANDIDATES, CORRECTIONS, FEEDBACK, FEEDS
from shared.messaging.client.connection import settings_of
from shared.messaging.read.tail import whole_topic
from shared.settings import from_environment
from shared.store.settings import StoreSettings

EXPORTED = (FEEDBACK, CORRECTIONS, CANDIDATES, FEEDS)
app = typer.Typer(help="Read a taste profile, and correct it.", no_args_is_help=True)

User = Annotated[str, typer.Argument(help="Whose profile.")]
Which = Annotated[str, typer.Argument(metavar="ELEMENT", help=", ".join(e.value for e in ELEMENTS))]
Word = Annotated[str, typer.Argument(help="The word, as the profile spells it.")]
SideOption = Annotated[
    str | None, typer.Option(metavar="SIDE", help=f"{SIDES[0]} (likes) or {SIDES[1]} (dislikes).")
]
Tenant = Annotated[str, typer.Option(help="Of which tenant.")]
Seconds = Annotated[float, typer.Option(min=0, help="How long to wait for the new profile.")]
Json = Annotated[bool, typer.Option("--json", help="The whole event as JSON.")]


@app.callback()
def _profile() -> None:
    """Read a taste profile, and correct it."""


@app.command()
def show(user: User, tenant: Tenant = DEFAULT_TENANT, as_json: Json = False) -> None:
    """Show what a user likes and does not, as it now stands.

    Example: preferstream profile show ada
    """
    _shown(_latest(user, tenant), as_json)


@app.command()
def pin(
    user: User, element: Which, word: Word, side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Say that a word holds, whatever is predicted.

    Example: preferstream profile pin ada color blue
    """
    _correct(user, "pin", seconds, as_json, tenant=tenant, element=element, side=side, word=word)


@app.command()
def veto(
    user: User, element: Which, word: Word, side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Say that a word does not hold, whatever is predicted; on both sides, unless one is named.

    Example: preferstream profile veto ada art_style cubism
    """
    _correct(user, "veto", seconds, as_json, tenant=tenant, element=element, side=side, word=word)


@app.command()
def edit(
    user: User, element: Which,
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Words, each with a weight 0-1 if wanted: blue=0.8. None: unknown."),
    ] = None,
    side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Put these words in the place of the predicted ones, for good.

    Example: preferstream profile edit ada color blue=1 "deep red=0.5"
    """
    written = tuple(_weighted(word) for word in words or ())
    _correct(user, "edit", seconds, as_json, tenant=tenant, element=element, side=side,
             words=written)  # fmt: skip


@app.command()
def reset(
    user: User,
    element: Annotated[str | None, typer.Argument(help="Of one element; else of all.")] = None,
    side: SideOption = None,
    tenant: Tenant = DEFAULT_TENANT, seconds: Seconds = 30.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Take pins, vetoes and edits back: the predicted words hold again.

    Example: preferstream profile reset ada color
    """
    _correct(user, "reset", seconds, as_json, tenant=tenant, element=element, side=side)


@app.command()
def export(user: User, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Write all that is kept of a user as JSON: profile, references, and every event.

    From Kafka, the lake and the store of profiles; what could not be asked is named in it.

    Example: preferstream profile export ada > ada.json
    """
    system = connect()
    try:
        with Client(messaging_settings(system), tenant=tenant) as client:
            profile = client.profile(user)
        events: dict[str, list[Any]] = {}
        for topic in EXPORTED:
            records = whole_topic(settings_of(messaging_settings(system)), topic)
            about = records_about(records, tenant=tenant, user_id=user)
            events[topic.name] = [(r.value or b"").decode("utf-8", "replace") for r in about]
    except Unavailable as error:
        fail(error.detail)
    # Here, not above: Delta and Qdrant are seconds that only this should pay.
    from services.cli.paths import lake_settings
    from services.cli.user_data.export import read_stored_user_data

    kept = read_stored_user_data(
        (tenant, user),
        store=from_environment(StoreSettings),
        lake=lake_settings(),
        dashboard=system.dashboard,
    )
    if profile is None and not any(events.values()) and not kept:
        fail(f"nothing is known about {user}")
    print_json(
        {
            "user_id": user,
            "tenant": tenant,
            "profile": profile.model_dump(mode="json") if profile else None,
            "events": events,
            "stored": kept.stored,
            "lake": kept.lake,
            "not_searched": kept.not_searched,
        }
    )


def _correct(user: str, action: Any, seconds: float, as_json: bool, **fields: Any) -> None:
    """Send a correction, and show the first profile that has it in it."""
    element = fields.pop("element")
    if element is not None:
        fields["element"] = element.strip().lower().replace(" ", "_").replace("-", "_")
    try:
        event = correction(user, action, **fields)
    except ValidationError as error:
        wrong_use(_problem(error))
    system = connect()
    try:
        with Client(messaging_settings(system), tenant=event.tenant) as client:
            profile = client.profile_when(
                user, partial(_has, event=event), after=lambda: client.send(event), seconds=seconds
            )
    except Unavailable as error:
        fail(error.detail)
    if profile is None:
        fail(
            f"the correction was sent, but no profile with it came within {seconds:g} s; is the"
            " profile service running (`preferstream doctor`)?"
        )
    _shown(profile, as_json)


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
        fail(f"{user} has no profile; send likes with `preferstream feedback reference_like`")
    return latest


def _shown(profile: ProfileUpdated, as_json: bool) -> None:
    if as_json:
        print_json(profile.model_dump(mode="json"))
        return
    seen = profile.evidence
    title = (
        f"{profile.user_id}, version {profile.profile_version}:"
        f" {seen.liked} liked, {seen.disliked} not"
    )
    out.print(tables.taste_table(tables.taste_of(profile), title=title))
    for line in tables.correction_lines(profile):
        out.print(line, markup=False)


def _weighted(text: str) -> dict[str, Any]:
    word, sign, weight = text.rpartition("=")
    if not sign:
        return {"word": text}
    try:
        return {"word": word, "weight": float(weight)}
    except ValueError:
        wrong_use(f"{text!r} has no weight behind its =; write a number 0-1, such as {word}=0.8")


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the correction"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
