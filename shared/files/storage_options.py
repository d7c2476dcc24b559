"""Build the options with which Delta Lake and s3fs reach an S3-compatible object store.

Credentials are not here: both libraries read them from the environment, a profile or a role.
DuckDB needs no options, because the tables are read by Delta's own reader.
"""

from typing import Any


def delta_options(endpoint: str | None) -> dict[str, str]:
    """`storage_options` of deltalake; empty without an endpoint: a local folder, or Amazon's S3."""
    if endpoint is None:
        return {}
    plain_http = endpoint.startswith("http:")
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": str(plain_http).lower()}


def s3fs_options(
    endpoint: str | None, *, anonymous: bool, connect_seconds: float | None = None
) -> dict[str, Any]:
    """Arguments of `s3fs.S3FileSystem`; one attempt, since every caller has its own retries."""
    config: dict[str, Any] = {"retries": {"max_attempts": 1}}
    if connect_seconds is not None:
        config["connect_timeout"] = connect_seconds
    return {"endpoint_url": endpoint, "anon": anonymous, "config_kwargs": config}
