"""Check the options of a file that `import` and `backtest` share; a wrong one ends the command."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.cli.output.console import wrong_use
from shared.events.interchange.event_names import BadMapping, event_names


def names_of(format: str, mapping: Sequence[str]) -> dict[str, str]:
    """Our type for each name of an event, with the pairs of `--map`."""
    pairs = [text.rpartition("=") for text in mapping]
    for text, (name, _, target) in zip(mapping, pairs, strict=True):
        if not name or not target:
            wrong_use(f"--map {text} is not NAME=TYPE")
    try:
        return event_names(format, {name: target for name, _, target in pairs})
    except BadMapping as error:
        wrong_use(str(error))


def zone_of(name: str) -> ZoneInfo:
    """The zone of `--timezone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        wrong_use(f"{name} is no time zone; use a name such as Europe/Berlin")


def check_texts(*, uri_template: str | None, encoding: str | None, user_field: str) -> None:
    """Check `--uri-template`, `--encoding` and `--user-field`."""
    if user_field not in ("client_id", "user_id"):
        wrong_use(f"--user-field must be client_id or user_id, not {user_field}")
    if uri_template is not None and "{id}" not in uri_template:
        wrong_use(f"--uri-template {uri_template} does not contain {{id}}")
    if encoding is not None:
        try:
            "".encode(encoding)
        except (LookupError, ValueError):
            wrong_use(f"{encoding} is no encoding; use a name of Python, such as cp1252")
