"""Read the catalog at the HTTP gateway of the running system, which knows the state of images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from services.local.runtime_file import RuntimeFile
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import Taste
from shared.settings import from_environment

TIMEOUT_SECONDS: Final = 30.0
IDS_AT_ONCE: Final = 50
"""Image ids of one request; each may have 256 characters, and an address 64 KB."""
PAGE: Final = 200
NO_ADDRESS: Final = (
    "the address of the gateway is not known: run this where `preferstream up` runs, or set"
    " PREFERSTREAM_GATEWAY_URL"
)


class GatewaySettings(BaseModel):
    """Where the command line reaches the gateway of a system on other machines."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    gateway_url: str | None = None
    """Address of the dashboard and gateway for the commands of the catalog, such as
    `https://preferstream.example`; without it, that of the local system."""
    gateway_token: SecretStr | None = None
    """Bearer token for it, of `PREFERSTREAM_OPS_TOKENS`; not needed on loopback without tokens."""


class Gateway:
    """Reads the catalog. Raises `Unavailable` and `Unprocessable` with the gateway's sentence."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def images(self, *, limit: int | None = None, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The images that match the parameters of `GET /v1/images`, at most `limit`."""
        after: dict[str, str] = {}
        count = 0
        while True:
            page = self._get("/v1/images", limit=PAGE, **parameters, **after)
            for image in page["images"]:
                if count == limit:
                    return
                yield image
                count += 1
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def images_by_id(self, image_ids: Sequence[str], *, tenant: str | None) -> dict[str, Any]:
        """The stored images among these, by id."""
        images: dict[str, Any] = {}
        for start in range(0, len(image_ids), IDS_AT_ONCE):
            page = self._get(
                "/v1/images", image_id=image_ids[start : start + IDS_AT_ONCE], tenant=tenant
            )
            images |= {image["image_id"]: image for image in page["images"]}
        return images

    def audience(self, image_id: str, *, tenant: str | None) -> list[dict[str, Any]]:
        """The users whose taste the image meets."""
        path = f"/v1/images/{_segment(image_id)}/audience"
        users: list[dict[str, Any]] = self._get(path, tenant=tenant)["users"]
        return users

    def taste(self, user_id: str, *, tenant: str | None) -> Taste:
        """The stored taste of a user, in words."""
        path = f"/v1/profiles/{_segment(user_id)}"
        profile = self._get(path, tenant=tenant)
        sides = {side: profile[side] for side in ("preference", "non_preference")}
        return Taste.model_validate(sides)

    def _get(self, path: str, **parameters: Any) -> Any:
        given = {name: value for name, value in parameters.items() if value is not None}
        response = self._client.get(path, params=given)
        if response.is_success:
            return response.json()
        try:
            problem = response.json()
            details = [f"{e['pointer']}: {e['detail']}" for e in problem.get("errors", ())]
            detail = "; ".join([problem["detail"], *details])
        except (ValueError, KeyError, TypeError, AttributeError):
            detail = f"the gateway answers with status {response.status_code}"
        if response.status_code in (401, 403):
            raise Unavailable("gateway", f"{detail} Set PREFERSTREAM_GATEWAY_TOKEN to a token.")
        if response.status_code < 500:
            raise Unprocessable("refused", detail)
        raise Unavailable("gateway", detail)


def _segment(identifier: str) -> str:
    """An id as one segment of a path, also where it is `..` or has slashes."""
    return quote(identifier, safe="").replace(".", "%2E")


@contextmanager
def open_gateway(system: RuntimeFile) -> Iterator[Gateway]:
    """The gateway of the settings, or of the local system; raises `Unavailable`."""
    settings = from_environment(GatewaySettings)
    address = settings.gateway_url or system.dashboard
    if address is None:
        raise Unavailable("gateway", NO_ADDRESS)
    headers = {"Accept": "application/json"}
    if settings.gateway_token is not None:
        headers["Authorization"] = f"Bearer {settings.gateway_token.get_secret_value()}"
    try:
        with httpx.Client(base_url=address, timeout=TIMEOUT_SECONDS, headers=headers) as client:
            yield Gateway(client)
    except httpx.HTTPError as error:
        raise Unavailable("gateway", f"{address}: {type(error).__name__}: {error}") from error
