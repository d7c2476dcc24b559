"""Whose page it is: a person by id and tenant, as far as the one who asks may see them."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import TypeAdapter, ValidationError

from services.ops.auth.roles import Principal
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from shared.events import DEFAULT_TENANT
from shared.events.types.fields import Identifier

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


@dataclass(frozen=True)
class Person:
    """One person of one tenant."""

    user: str
    tenant: str

    @property
    def query(self) -> str:
        """The part of an address that names them."""
        named = {"user": self.user}
        if self.tenant != DEFAULT_TENANT:
            named["tenant"] = self.tenant
        return urlencode(named)


def open_person(who: Principal, *, user: str, tenant: str | None) -> Person:
    """The person, if `who` may see the tenant and both ids are ids; raises `Problem`."""
    named = tenant or who.tenant or DEFAULT_TENANT
    try:
        person = Person(_IDENTIFIER.validate_python(user), _IDENTIFIER.validate_python(named))
    except ValidationError as error:
        told = "A user and a tenant are named by 1-256 printable characters."
        raise Problem(422, "invalid-id", told) from error
    if not who.may_see(person.tenant):
        told = f"The token {who.name} is kept to the tenant {who.tenant}."
        raise Problem(403, "other-tenant", told)
    return person


def _asked(
    who: Reader,
    user: Annotated[str, Query(max_length=1024)],
    tenant: Annotated[str | None, Query(max_length=1024)] = None,
) -> Person:
    return open_person(who, user=user, tenant=tenant)


PersonOf = Annotated[Person, Depends(_asked)]
"""The person that the address names."""
