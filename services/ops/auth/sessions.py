"""Sign a browser's session into its cookie, and tie every form to it against forged requests."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.clock import Clock

KEY_BYTES: Final = 32


@dataclass(frozen=True)
class Session:
    """One browser, signed in or not yet."""

    id: str
    name: str | None
    """Name of the token it was signed in with; None before that."""
    expires_at: datetime


class Sessions:
    """Makes and reads signed sessions; the cookie says all, the key proves it, nothing is kept."""

    def __init__(self, *, key: str | None, hours: float, clock: Clock) -> None:
        self._key = key.encode() if key else secrets.token_bytes(KEY_BYTES)
        self._life = timedelta(hours=hours)
        self._clock = clock

    def begin(self, name: str | None = None) -> Session:
        """A new session; signing in begins one anew, so that an id from before is worth nothing."""
        return Session(secrets.token_urlsafe(16), name, self._clock() + self._life)

    def cookie(self, session: Session) -> str:
        told = {"id": session.id, "name": session.name, "until": session.expires_at.isoformat()}
        body = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
        return f"{body}.{self._mac('session', body)}"

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie, if we signed it and it has not ended."""
        body, _, mac = cookie.rpartition(".")
        if not self._same(mac, self._mac("session", body)):
            return None
        told = json.loads(base64.urlsafe_b64decode(body))
        session = Session(told["id"], told["name"], datetime.fromisoformat(told["until"]))
        return session if session.expires_at > self._clock() else None

    def form_token(self, session: Session) -> str:
        """What a form of this session carries to prove that we served it."""
        return self._mac("form", session.id)

    def is_form_token(self, session: Session, token: str) -> bool:
        return self._same(token, self.form_token(session))

    def _mac(self, kind: str, text: str) -> str:
        return hmac.new(self._key, f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _same(one: str, other: str) -> bool:
        return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
