"""Know bearer tokens by their hashes: the file that names them is no secret worth stealing.

`python -m services.ops.auth.tokens NAME ROLE [TENANT]` draws a token, says it once, and prints the lines
that make it known.
"""

import hashlib
import hmac
import secrets
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.ops.auth.roles import Principal, Role
from shared.events.types.fields import Identifier
from shared.settings import WrongSettings

TOKEN_BYTES: Final = 32
"""256 bits of chance, which nobody guesses; so one plain hash of it is as good as a slow one."""


class KnownToken(BaseModel):
    """One token: who it stands for and what it allows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    role: Role
    tenant: Identifier | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @property
    def principal(self) -> Principal:
        return Principal(self.name, self.role, self.tenant)


class TokenFile(BaseModel):
    """`[[token]]` tables of TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: Annotated[tuple[KnownToken, ...], Field(min_length=1)]


class Tokens:
    """The tokens that are known."""

    def __init__(self, known: Sequence[KnownToken]) -> None:
        self._known = tuple(known)
        self._by_name = {one.name: one for one in known}

    def holder(self, token: str) -> Principal | None:
        """Whom a token stands for; the time it takes tells nothing about how near a guess came."""
        digest = digest_of(token)
        found = [one for one in self._known if hmac.compare_digest(one.sha256, digest)]
        return found[0].principal if found else None

    def named(self, name: str) -> Principal | None:
        """The holder of a session, as long as their token is still known."""
        found = self._by_name.get(name)
        return found.principal if found else None


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def read_tokens(path: Path) -> Tokens:
    """The tokens of a file; raises `WrongSettings`, which never repeats what the file says."""
    try:
        known = TokenFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).token
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSettings(f"PREFERSTREAM_OPS_TOKENS: {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings(f"PREFERSTREAM_OPS_TOKENS: {path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WrongSettings(
            f"PREFERSTREAM_OPS_TOKENS: {path}: {where}: {first['msg']};"
            " `python -m services.ops.auth.tokens NAME ROLE` prints lines that fit"
        ) from None
    names = [one.name for one in known]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongSettings(f"PREFERSTREAM_OPS_TOKENS: {path} names {', '.join(twice)} twice")
    return Tokens(known)


def drawn(name: str, role: Role, tenant: str | None) -> tuple[str, str]:
    """A new token, and the lines of the file that make it known."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    known = KnownToken(name=name, role=role, tenant=tenant, sha256=digest_of(token))
    told = known.model_dump(mode="json", exclude_none=True)
    return token, "\n".join(["[[token]]", *(f"{key} = {_quoted(v)}" for key, v in told.items())])


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main(arguments: Sequence[str]) -> None:
    roles = ", ".join(Role)
    if len(arguments) not in (2, 3) or arguments[1] not in tuple(Role):
        sys.exit(
            f"usage: python -m services.ops.auth.tokens NAME ROLE [TENANT]; a role is of {roles}"
        )
    try:
        token, lines = drawn(arguments[0], Role(arguments[1]), (*arguments, None)[2])
    except ValidationError as error:
        sys.exit(f"that is no name for a token: {error.errors(include_url=False)[0]['msg']}")
    print(f"The token, said only now: {token}", file=sys.stderr)
    print(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
