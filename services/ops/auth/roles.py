"""Who asks, and what they may do: three roles, each of which includes those before it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a token may do."""

    READ = "read"
    """See feeds, profiles and pages."""
    WRITE = "write"
    """Be the app: send candidates and feedback, correct profiles."""
    OPERATE = "operate"
    """Run the system: dead letters, models, erasing."""

    def includes(self, other: "Role") -> bool:
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER: Final = tuple(Role)


@dataclass(frozen=True)
class Principal:
    """Whoever made a request, as far as we know them."""

    name: str
    """The token's name; it stands in the audit log."""
    role: Role
    tenant: str | None = None
    """The only tenant the token may name; None for every one."""

    def may_see(self, tenant: str) -> bool:
        return self.tenant is None or self.tenant == tenant


ANYBODY_HERE: Final = Principal("loopback", Role.OPERATE)
"""Without tokens only this machine reaches us, and whoever is on it may do everything."""
