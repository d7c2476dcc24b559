"""Identify the user of a page by id and tenant, and check that the caller may see the tenant."""

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
class UserRef:
    """One user of one tenant."""

    user_id: str
    tenant: str

    @property
    def query(self) -> str:
        """The query string that identifies the user in addresses of pages."""
        parameters = {"user": self.user_id}
        if self.tenant != DEFAULT_TENANT:
            parameters["tenant"] = self.tenant
        return urlencode(parameters)


def allowed_user(principal: Principal, *, user: str, tenant: str | None) -> UserRef:
    """Return the user if both ids are valid and the principal may see the tenant, or raise."""
    requested_tenant = tenant or principal.tenant or DEFAULT_TENANT
    try:
        ref = UserRef(
            _IDENTIFIER.validate_python(user), _IDENTIFIER.validate_python(requested_tenant)
        )
    except ValidationError as error:
        detail = "A user id and a tenant must have 1-256 printable characters."
        raise Problem(422, "invalid-id", detail) from error
    if not principal.may_see(ref.tenant):
        detail = f"The token {principal.name} is limited to the tenant {principal.tenant}."
        raise Problem(403, "other-tenant", detail)
    return ref


def _requested_user(
    principal: Reader,
    user: Annotated[str, Query(max_length=1024)],
    tenant: Annotated[str | None, Query(max_length=1024)] = None,
) -> UserRef:
    return allowed_user(principal, user=user, tenant=tenant)


RequestedUser = Annotated[UserRef, Depends(_requested_user)]
"""The user in the query string of a page."""
