"""Roles and principals: the caller of a request, and the actions that the caller may take."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """The actions that a token allows. Each role includes the roles before it."""

    READ = "read"
    """See feeds, profiles and pages."""
    WRITE = "write"
    """Act as the app: send candidates and feedback, correct profiles."""
    OPERATE = "operate"
    """Run the system: handle dead letters, promote models, erase users."""

    def includes(self, other: "Role") -> bool:
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER: Final = tuple(Role)


@dataclass(frozen=True)
class Principal:
    """The caller of a request."""

    name: str
    """Name of the token. The audit log shows it."""
    role: Role
    tenant: str | None = None
    """The only tenant that the token may use; None allows every tenant."""

    def may_see(self, tenant: str) -> bool:
        return self.tenant is None or self.tenant == tenant


LOOPBACK_OPERATOR: Final = Principal("loopback", Role.OPERATE)
"""The caller where no tokens are set. Then only this machine can connect, with all rights."""
