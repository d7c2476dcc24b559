"""Name one user of one tenant."""

from typing import NamedTuple


class User(NamedTuple):
    """A user id is unique only inside its tenant, so code that keeps users keeps both."""

    tenant: str
    user_id: str
