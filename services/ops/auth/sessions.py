"""Sign the browser session into a cookie, and bind every form to the session (CSRF protection)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from itsdangerous import BadData, Signer, URLSafeSerializer

from shared.domain.clock import Clock

KEY_BYTES: Final = 32
SIGNING: Final[dict[str, Any]] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True)
class Session:
    """The session of one browser, signed in or not."""

    id: str
    name: str | None
    """Name of the token that the user signed in with; None before the sign-in."""
    expires_at: datetime


class Sessions:
    """Create and read signed sessions.

    The cookie holds the whole session, and the key proves that it is ours. The server stores
    nothing. Cookies and form tokens have different salts, so one never passes as the other.
    """

    def __init__(self, *, key: str | None, hours: float, clock: Clock) -> None:
        secret = key.encode() if key else secrets.token_bytes(KEY_BYTES)
        self._cookies = URLSafeSerializer(secret, salt="session", signer_kwargs=SIGNING)
        self._forms = Signer(secret, salt="form", **SIGNING)
        self._lifetime = timedelta(hours=hours)
        self._clock = clock

    def begin(self, name: str | None = None) -> Session:
        """Create a session. A sign-in creates a new one, so an id from before it has no rights."""
        return Session(secrets.token_urlsafe(16), name, self._clock() + self._lifetime)

    def cookie(self, session: Session) -> str:
        """Return the signed cookie value of a session."""
        return str(self._cookies.dumps([session.id, session.name, session.expires_at.isoformat()]))

    def read(self, cookie: str) -> Session | None:
        """Return the session of a cookie; None if the signature is wrong or it has expired."""
        try:
            session_id, name, expires_at = self._cookies.loads(cookie)
        except BadData:
            return None
        session = Session(session_id, name, datetime.fromisoformat(expires_at))
        return session if session.expires_at > self._clock() else None

    def form_token(self, session: Session) -> str:
        """Return the token that proves that we served a form of this session."""
        return self._forms.get_signature(session.id).decode()

    def is_form_token(self, session: Session, token: str) -> bool:
        """Compare in constant time."""
        return self._forms.verify_signature(session.id, token.encode("utf-8", "replace"))
