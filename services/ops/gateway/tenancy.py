"""Determine the tenant of a request, and check that its token may use it."""

from services.ops.auth.roles import Principal
from services.ops.http.problems import Problem
from shared.events import DEFAULT_TENANT


def tenant_for(who: Principal, named: str | None) -> str:
    """Return the named tenant, else the token's own, else the default. Raises a 403."""
    tenant = named or who.tenant or DEFAULT_TENANT
    if not who.may_see(tenant):
        raise Problem(
            403, "foreign-tenant", f"The token {who.name} is only for the tenant {who.tenant}."
        )
    return tenant
