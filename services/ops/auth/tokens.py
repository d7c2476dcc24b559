"""Check bearer tokens against a file of hashes. The file holds no secret.

`python -m services.ops.auth.tokens NAME ROLE [TENANT]` creates a token, shows it once, and prints
the lines for the file.
"""

import hashlib
import hmac
import secrets
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.ops.auth.roles import Principal, Role
from shared.events.types.fields import Identifier
from shared.settings import InvalidSettings

TOKEN_BYTES: Final = 32
"""256 random bits cannot be guessed, so a plain hash is as safe as a slow password hash."""


class KnownToken(BaseModel):
    """One token of the file: its name, its role, its tenant and its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    role: Role
    tenant: Identifier | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @property
    def principal(self) -> Principal:
        return Principal(self.name, self.role, self.tenant)


class TokenFile(BaseModel):
    """The file: a list of `[[token]]` tables in TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: Annotated[tuple[KnownToken, ...], Field(min_length=1)]


class Tokens:
    """The tokens of the file."""

    def __init__(self, known: Sequence[KnownToken]) -> None:
        self._known = tuple(known)
        self._by_name = {token.name: token for token in known}

    def holder(self, token: str) -> Principal | None:
        """Return the principal of a token, or None. Compare in constant time."""
        digest = digest_of(token)
        matches = [known for known in self._known if hmac.compare_digest(known.sha256, digest)]
        return matches[0].principal if matches else None

    def named(self, name: str) -> Principal | None:
        """Return the principal of a session, or None if the file no longer has its token."""
        known = self._by_name.get(name)
        return known.principal if known else None


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def read_tokens(path: Path) -> Tokens:
    """Read the token file. Raises `InvalidSettings`, whose message never repeats the content."""
    try:
        known = TokenFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).token
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"PREFERSTREAM_OPS_TOKENS: {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(
            f"PREFERSTREAM_OPS_TOKENS: {path} is not valid TOML: {error}"
        ) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidSettings(
            f"PREFERSTREAM_OPS_TOKENS: {path}: {where}: {first['msg']};"
            " `python -m services.ops.auth.tokens NAME ROLE` prints valid lines"
        ) from None
    names = [token.name for token in known]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidSettings(
            f"PREFERSTREAM_OPS_TOKENS: {path} has {', '.join(repeated)} twice; each name must be"
            " unique"
        )
    return Tokens(known)


def new_token(name: str, role: Role, tenant: str | None) -> tuple[str, str]:
    """Create a token. Return it with the lines that belong in the token file."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    known = KnownToken(name=name, role=role, tenant=tenant, sha256=digest_of(token))
    fields = known.model_dump(mode="json", exclude_none=True)
    return token, tomli_w.dumps({"token": [fields]})


def main(arguments: Sequence[str]) -> None:
    roles = ", ".join(Role)
    if len(arguments) not in (2, 3) or arguments[1] not in tuple(Role):
        sys.exit(
            f"usage: python -m services.ops.auth.tokens NAME ROLE [TENANT]; the roles are {roles}"
        )
    try:
        token, lines = new_token(arguments[0], Role(arguments[1]), (*arguments, None)[2])
    except ValidationError as error:
        sys.exit(f"the name is not valid: {error.errors(include_url=False)[0]['msg']}")
    print(f"The token, shown only once: {token}", file=sys.stderr)
    print(lines, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
