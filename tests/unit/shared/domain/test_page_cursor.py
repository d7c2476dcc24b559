"""A cursor belongs to one user, one format and one day, and cannot be changed."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from itsdangerous import URLSafeSerializer

from shared.domain.requests import page_cursor
from shared.domain.requests.page_cursor import BadCursor, CursorSigner, PageCursor
from shared.domain.user import User

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
ANA = User("default", "ana")
CURSOR = PageCursor(page_id=uuid4(), conditions="c0ffee", expires_at=NOW + timedelta(hours=1))
SIGNER = CursorSigner(["key"])


def reason(text: str, *, user: User = ANA, now: datetime = NOW) -> str:
    with pytest.raises(BadCursor) as error:
        SIGNER.read(text, user, now=now)
    assert "without a cursor" in error.value.detail
    return error.value.reason


def test_a_cursor_is_read_back_and_holds_no_name() -> None:
    text = SIGNER.write(CURSOR, User("shop", "ana lovelace" * 20))
    assert SIGNER.read(text, User("shop", "ana lovelace" * 20), now=NOW) == CURSOR
    assert len(text) <= 300
    assert CursorSigner(["new key", "key"]).read(SIGNER.write(CURSOR, ANA), ANA, now=NOW) == CURSOR


@pytest.mark.parametrize("user", [User("default", "bo"), User("elsewhere", "ana")])
def test_a_cursor_of_another_user_or_tenant_is_refused(user: User) -> None:
    assert reason(SIGNER.write(CURSOR, ANA), user=user) == "cursor_of_another_user"


def test_a_changed_cursor_and_one_of_another_key_are_refused() -> None:
    text = SIGNER.write(CURSOR, ANA)
    changed = [text[:n] + ("A" if text[n] != "A" else "B") + text[n + 1 :] for n in (0, 40, 90)]
    for bad in (
        *changed,
        text + "x",
        text[:-3],
        "x",
        "a.b",
        "ü",
        CursorSigner(["b"]).write(CURSOR, ANA),
    ):
        assert reason(bad) == "unknown_cursor"


def test_an_expired_cursor_is_refused_with_the_time() -> None:
    text = SIGNER.write(CURSOR, ANA)
    assert reason(text, now=CURSOR.expires_at) == "expired_cursor"


@pytest.mark.parametrize("content", [["x"], {"v": 0}, {"v": 2}, {"p": "x"}])
def test_a_cursor_of_another_format_is_refused(content: object) -> None:
    serializer = URLSafeSerializer(
        ["key"], salt=page_cursor.SALT, signer_kwargs={"digest_method": hashlib.sha256}
    )
    assert reason(str(serializer.dumps(content))) == "old_cursor"
