"""Name an image in a message: its address, shortened, without what nobody should read."""

from urllib.parse import urlsplit

MAX_CHARACTERS = 120


def short(uri: str) -> str:
    """At most 120 characters; of a `data:` image its kind and size; never a query's signature."""
    if uri.startswith("data:"):
        return f"{uri.split(',')[0][:40]},… ({len(uri):,} characters)"
    try:
        parts = urlsplit(uri)
        text = parts._replace(query="…" if parts.query else "", fragment="").geturl()
    except ValueError:
        text = uri
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
