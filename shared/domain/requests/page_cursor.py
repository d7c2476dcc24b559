"""The place in a feed at which its next page starts, as a signed text that apps send back."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import AwareDatetime, ValidationError

from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.domain.taste import Value
from shared.domain.user import User

VERSION: Final = 1
"""Of the format of cursors; a cursor of another version is refused."""
SALT: Final = "preferstream feed cursor"
ADVICE: Final = "request a feed without a cursor"


class PageCursor(Value):
    """What a cursor points to."""

    page_id: UUID
    """The page before the next one."""
    conditions: str
    """Digest of the conditions of the first page."""
    expires_at: AwareDatetime
    """A day after the first page."""


class BadCursor(Unprocessable):
    """A cursor that continues no feed of this user."""


class CursorSigner:
    """Writes cursors with the first of its keys, and reads those of all its keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("no key; give at least one")
        # The library signs with the last key.
        self._serializer = URLSafeSerializer(
            list(reversed(keys)), salt=SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def write(self, cursor: PageCursor, user: User) -> str:
        """The cursor as a text for this user alone."""
        text = self._serializer.dumps(
            {
                "v": VERSION,
                "u": _name(user),
                "p": cursor.page_id.hex,
                "c": cursor.conditions,
                "e": int(cursor.expires_at.timestamp()),
            }
        )
        return text if isinstance(text, str) else text.decode()

    def read(self, text: str, user: User, *, now: datetime) -> PageCursor:
        """The cursor of a text; raises `BadCursor`, also for another user's and for an old one."""
        try:
            content = self._serializer.loads(text)
        except BadSignature as error:
            raise _bad(
                "unknown_cursor",
                "the cursor is not one that this system has written; send next_cursor of a feed"
                f" unchanged, or {ADVICE}",
            ) from error
        if not isinstance(content, dict) or content.get("v") != VERSION:
            raise _bad("old_cursor", f"the cursor has a format of another release; {ADVICE}")
        if content.get("u") != _name(user):
            raise _bad(
                "cursor_of_another_user",
                "the cursor belongs to another user or tenant; send next_cursor of a feed of this"
                f" user, or {ADVICE}",
            )
        try:
            expires_at = datetime.fromtimestamp(content["e"], UTC)
            cursor = PageCursor(
                page_id=content["p"], conditions=content["c"], expires_at=expires_at
            )
        except (KeyError, TypeError, ValidationError) as error:
            raise _bad("old_cursor", f"the cursor has another format; {ADVICE}") from error
        if cursor.expires_at <= now:
            raise expired_cursor(cursor.expires_at)
        return cursor


def expired_cursor(at: datetime | None = None) -> BadCursor:
    """The error of a cursor whose feed is not stored any more."""
    when = "" if at is None else f" at {at.isoformat(timespec='seconds')}"
    return _bad(
        "expired_cursor",
        f"the feed of this cursor has ended{when}: its pages are stored for a day; {ADVICE}",
    )


def _bad(reason: str, detail: str) -> BadCursor:
    # Of the app: many of them are no fault of the service and must not stop it.
    return BadCursor(reason, detail, external=True)


def _name(user: User) -> str:
    """A cursor holds no name: apps put it into addresses, which end up in logs."""
    return derived_id("feed-cursor", *user).hex
