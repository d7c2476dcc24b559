"""Take a blind test over the HTTP interface of the dashboard."""

import base64
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.decoding.image_file import read_small_image

SIDE_PIXELS: Final = 512
QUALITY: Final = 85
SENT_AT_ONCE: Final = 8
TIMEOUT_SECONDS: Final = 300.0
"""Predictions of a model that was just loaded take minutes on a busy machine."""
MIN_PICTURES: Final = 20
MAX_PICTURES: Final = 60


class DashboardStudy:
    """One blind test; raises `Unavailable` with the dashboard's own sentence."""

    def __init__(self, client: httpx.Client, token: str) -> None:
        self._client = client
        self._token = token

    @property
    def address(self) -> str:
        """The page on which a person takes the test."""
        return str(self._client.base_url.join(f"/study?study={self._token}"))

    def add(self, files: Sequence[Path]) -> list[str]:
        """Send pictures by their file names; returns a sentence for each that is left out."""
        left_out = []
        pictures = []
        for file in files:
            try:
                pictures.append({"uri": small_picture(file), "alt": file.name[:256]})
            except Unprocessable as error:
                left_out.append(error.detail)
        for first in range(0, len(pictures), SENT_AT_ONCE):
            self._post("pictures", pictures=pictures[first : first + SENT_AT_ONCE])
        return left_out

    def state(self) -> dict[str, Any]:
        """The step, the pictures by id and name, the marks, and the pair that is shown."""
        state: dict[str, Any] = _checked(
            self._client.get("/study/state", params={"study": self._token})
        ).json()
        return state

    def mark(self, picture: str, side: str) -> None:
        self._post("mark", picture=picture, side=side)

    def predict(self) -> None:
        self._post("predict")

    def choose(self, number: int, side: str) -> None:
        self._post("choose", number=number, side=side)

    def export(self) -> dict[str, Any]:
        exported: dict[str, Any] = _checked(
            self._client.get("/study/export", params={"study": self._token})
        ).json()
        return exported

    def erase(self) -> None:
        """Forget the test and erase its user."""
        self._post("erase")

    def _post(self, step: str, **body: Any) -> httpx.Response:
        return _checked(self._client.post(f"/study/{step}", json={"study": self._token, **body}))


@contextmanager
def new_study(dashboard: str, *, own: bool) -> Iterator[DashboardStudy]:
    """Start a test at the dashboard of this address; raises `Unavailable`."""
    try:
        with httpx.Client(
            base_url=dashboard, timeout=TIMEOUT_SECONDS, headers={"Accept": "application/json"}
        ) as client:
            page = _checked(client.get("/study"))
            token = re.search(r'name="csrf-token" content="([^"]*)"', page.text)
            client.headers["X-CSRF-Token"] = token[1] if token else ""
            started = _checked(client.post("/study/start", json={"own": own}))
            yield DashboardStudy(client, started.json()["study"])
    except httpx.HTTPError as error:
        raise Unavailable("dashboard", f"{dashboard}: {type(error).__name__}: {error}") from error


def small_picture(file: Path) -> str:
    """The picture as a `data:` address, with at most 512 pixels a side; raises `Unprocessable`."""
    buffer = io.BytesIO()
    read_small_image(file, side=SIDE_PIXELS).save(buffer, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    if response.status_code in (401, 303):
        raise Unavailable("dashboard", "it needs a sign-in; open /study in a browser instead")
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError):
        detail = f"it answers with status {response.status_code}"
    raise Unavailable("dashboard", detail)
