"""Check a web address and every redirect before a connection is made."""

from yarl import URL

from shared.domain.errors import Unprocessable
from shared.images.addresses import refuse_private_literal
from shared.images.display_name import short
from shared.images.settings import ImageSettings


def checked(uri: str, settings: ImageSettings) -> URL:
    """The address as the connection parses it; raises `Unprocessable`.

    The same parser is used for the check and the connection: two parsers that differ (for
    `①②⑦.0.0.1` or a backslash) would check one host and connect to another.
    """
    try:
        url = URL(uri)
        host, _ = url.raw_host, url.port
    except ValueError as error:
        raise Unprocessable(
            "bad_uri", f"{short(uri)} is not a web address; send an https address"
        ) from error
    if url.scheme == "http" and not settings.allow_http:
        raise Unprocessable("plain_http", f"{short(uri)} is not https; send an https address")
    if not host:
        raise Unprocessable("bad_uri", f"{short(uri)} names no host; send an https address")
    if url.raw_user is not None or url.raw_password is not None:
        raise Unprocessable(
            "credentials_in_uri", f"{short(uri)} contains a user or password; send a signed address"
        )
    if not settings.allow_private_addresses:
        refuse_private_literal(host)
    return url


def redirected(url: URL, location: str, settings: ImageSettings) -> URL:
    """The target of a redirect, checked like a first address; raises `Unprocessable`."""
    try:
        target = url.join(URL(location))
    except ValueError as error:
        raise Unprocessable(
            "bad_redirect", f"{short(str(url))} redirects to {short(location)}, not an address"
        ) from error
    if target.scheme not in ("http", "https"):
        raise Unprocessable(
            "bad_redirect",
            f"{short(str(url))} redirects to {short(location)}, which is not on the web",
        )
    if url.scheme == "https" and target.scheme == "http":
        raise Unprocessable(
            "bad_redirect",
            f"{short(str(url))} redirects from https to plain http; send the image's own address",
        )
    return checked(str(target), settings)
