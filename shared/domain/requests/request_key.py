"""Name one request of one user."""

from typing import NamedTuple


class RequestKey(NamedTuple):
    """Tenant, user and request id. Apps choose request ids, so two users may choose the same one.

    A tuple, never a joined text: ids may contain any printable character, and with a separator
    `a/b` + `c` would equal `a` + `b/c`. Ids are compared as they were sent: upper and lower case
    and the two Unicode forms of an umlaut are different ids.
    """

    tenant: str
    user_id: str
    request_id: str
