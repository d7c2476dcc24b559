"""Which tenant a request is about, and whether its token may name it."""

from services.ops.auth.roles import Principal
from services.ops.http.problems import Problem
from shared.events import DEFAULT_TENANT


def tenant_for(who: Principal, named: str | None) -> str:
    """The tenant that was named, else the token's own, else the default; raises a 403."""
    tenant = named or who.tenant or DEFAULT_TENANT
    if not who.may_see(tenant):
        raise Problem(
            403, "foreign-tenant", f"The token {who.name} is for the tenant {who.tenant} alone."
        )
    return tenant
