"""Determine the tenant of a request, and check that its token may use it."""

from services.ops.auth.roles import Principal
from services.ops.http.problems import Problem
from shared.events import DEFAULT_TENANT


def tenant_for(principal: Principal, named: str | None) -> str:
    """Return the named tenant, else the token's own, else the default. Raises a 403."""
    tenant = named or principal.tenant or DEFAULT_TENANT
    if not principal.may_see(tenant):
        raise Problem(
            403,
            "foreign-tenant",
            f"The token {principal.name} is only for the tenant {principal.tenant}.",
        )
    return tenant
