"""Shorten an image's address for messages, without passwords and signatures."""

import re
from urllib.parse import urlsplit

MAX_CHARACTERS = 120
CREDENTIALS = re.compile(r"^([^/?#]*//)[^/?#]*@")


def short(uri: str) -> str:
    """At most 120 characters, without password and query; a `data:` address as type and size."""
    uri = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in uri)
    if uri[:5].lower() == "data:":
        return f"{uri.partition(',')[0][:40]},… ({len(uri):,} characters)"
    try:
        parts = urlsplit(uri)
        text = parts._replace(query="…" if parts.query else "", fragment="").geturl()
    except ValueError:
        # Not a valid address, so the start of its query is a guess.
        text = re.sub(r"[?#].*", "?…", uri)
    text = CREDENTIALS.sub(r"\1…@", text)
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def unique(name: str, names: set[str]) -> str:
    """The name, with a number after it if `names` has it already; it is added to `names`."""
    result, number = name, 2
    while result in names:
        result, number = f"{name}-{number}", number + 1
    names.add(result)
    return result
