"""Split users and days, so that a model is never evaluated on its training users and days."""

import hashlib
from typing import Final, Literal

import duckdb

from training.dataset.settings import DatasetSettings

Split = Literal["train", "later", "held_out"]
SPLITS: Final[tuple[Split, ...]] = ("train", "later", "held_out")
DAY_MICROS: Final = 86_400_000_000


def split(connection: duckdb.DuckDBPyConnection, settings: DatasetSettings) -> None:
    """Add column `split` to `pairs`: held-out users, later days of the others, and the rest."""
    users = connection.execute("SELECT DISTINCT tenant, user_id FROM pairs").fetchall()
    held_out = [
        (tenant, user)
        for tenant, user in users
        if is_held_out(tenant, user, share=settings.held_out_users)
    ]
    connection.execute("CREATE TABLE held_out (tenant VARCHAR, user_id VARCHAR)")
    if held_out:
        connection.executemany("INSERT INTO held_out VALUES (?, ?)", held_out)
    connection.execute("ALTER TABLE pairs ADD COLUMN split VARCHAR")
    connection.execute(
        """
        UPDATE pairs SET split = CASE
            WHEN EXISTS (FROM held_out h
                WHERE h.tenant = pairs.tenant AND h.user_id = pairs.user_id) THEN 'held_out'
            WHEN shown_at > (SELECT greatest(
                max(shown_at) - $days, quantile_disc(shown_at, 1 - $share))
                FROM (SELECT DISTINCT tenant, user_id, request_id, shown_at FROM pairs))
                THEN 'later'
            ELSE 'train' END
        """,
        {"days": int(settings.later_days * DAY_MICROS), "share": settings.later_share},
    )


def is_held_out(tenant: str, user_id: str, *, share: float) -> bool:
    """Whether a user is held out; the same in every job, so held-out users are never trained on."""
    digest = hashlib.sha256(f"held-out\x1f{tenant}\x1f{user_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
