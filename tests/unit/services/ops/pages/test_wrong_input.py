"""Pages response any input with a page or a problem, never with an internal error."""

import random
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from PIL import Image

from services.retrain.registry.admin import RegistryAdmin
from tests.unit.services.ops.site import Site, site
from tests.unit.services.retrain.registry.registry_setup import RegistrySetup

UNUSUAL_TEXTS: Final = (
    "", "x", "\x00", "a\nb", "x" * 300, "x" * 5000, "../../etc", "%", "<script>", "\u202e",
    "null", "-1", "1e999", "[]", "{}", '{"a": 1}', "ada", "'", '"', "color", "pin", "edit",
    "preference", "a=b=c", "blue=nan", "=1", ",,,", "true", "feedback.v1.dlq/0/0",
    "feedback.v1.dlq/0/99999999999999999999", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
UNREADABLE: Final = ("%ff%fe", "%ed%a0%80", "%00")
READ: Final = {
    "/playground": ("user", "tenant"),
    "/playground/samples": ("user", "tenant"),
    "/users": ("tenant", "after"),
    "/user": ("user", "tenant"),
    "/user/history": ("user", "tenant"),
    "/user/export": ("user", "tenant"),
    "/user/erased": ("user", "event"),
    "/thumbnail": ("user", "image", "tenant"),
    "/models": ("done",),
    "/model": ("version",),
    "/dead-letters": ("topic", "reason", "text", "include_resolved", "after"),
    "/dead-letter": ("id",),
    "/catalog": ("tenant", "words", "like", "user", "tag", "author", "status", "after"),
    "/catalog/image": ("image", "tenant", "user"),
    "/catalog/audience": ("image", "tenant"),
    "/catalog/thumbnail": ("image", "tenant", "side"),
    "/catalog/progress": ("tenant",),
}
FORMS: Final = {
    "/user/correct": ("user", "action", "tenant", "element", "side", "word", "words"),
    "/user/erase": ("user", "confirmed", "tenant"),
    "/model/promote": ("version", "reason", "force"),
    "/models/rollback": ("reason",),
    "/dead-letter/replay": ("id", "note", "value"),
    "/dead-letter/drop": ("id", "note"),
    "/docs/try": ("topic", "value"),
}
WAITING: Final = {503, 504}
"""Statuses of an unavailable Kafka and of a missing feed. They are no bugs."""


@pytest.fixture
def dashboard(tmp_path: Path) -> Site:
    samples = tmp_path / "samples"
    samples.mkdir()
    Image.new("RGB", (9, 9)).save(samples / "a.png")
    registry = RegistrySetup(tmp_path)
    fake_site = site(
        with_tokens=True, models=RegistryAdmin(registry.folders, registry.promoter),
        ops_samples=samples,
        ops_requests_per_second=1e6, ops_request_burst=1_000_000,
    )  # fmt: skip
    fake_site.dead_letters.put(b"x", error="not_json", detail="no JSON")
    return fake_site


def is_handled(response: httpx.Response) -> bool:
    return response.status_code < 500 or response.status_code in WAITING


@pytest.mark.parametrize("path", READ)
async def test_no_query_string_causes_an_internal_error(dashboard: Site, path: str) -> None:
    rng = random.Random(path)
    async with dashboard.client("operator") as client:
        for _ in range(40):
            query = {name: rng.choice(UNUSUAL_TEXTS) for name in READ[path] if rng.random() < 0.8}
            assert is_handled(await client.get(path, params=query)), query
        for name in READ[path]:
            for value in UNREADABLE:
                assert is_handled(await client.get(f"{path}?user=ada&{name}={value}")), value


@pytest.mark.parametrize("path", FORMS)
async def test_no_form_causes_an_internal_error(dashboard: Site, path: str) -> None:
    rng = random.Random(path)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    async with dashboard.client("operator") as client:
        for _ in range(60):
            form = {name: rng.choice(UNUSUAL_TEXTS) for name in FORMS[path] if rng.random() < 0.9}
            assert is_handled(await client.post(path, data=form)), form
        for value in UNREADABLE:
            body = "&".join(f"{name}={value}" for name in FORMS[path])
            assert is_handled(await client.post(path, content=body, headers=kind)), body
        for content, media in ((b"\xff", "multipart/form-data; boundary=x"), (b"{}", "text/plain")):
            response = await client.post(path, content=content, headers={"Content-Type": media})
            assert is_handled(response), media


@pytest.mark.parametrize("path", ["/playground/rank", "/playground/act"])
async def test_no_json_causes_an_internal_error_of_the_playground(
    dashboard: Site, path: str
) -> None:
    rng = random.Random(path)
    fields = ("user", "tenant", "pictures", "picture", "type", "before", "request_id", "position")

    def value() -> Any:
        picture = {"image_id": rng.choice(UNUSUAL_TEXTS), "uri": rng.choice(UNUSUAL_TEXTS)}
        return rng.choice([*UNUSUAL_TEXTS, None, 1, [], {}, picture, [picture]])

    async with dashboard.client("operator") as client:
        for _ in range(60):
            form = {name: value() for name in fields}
            assert is_handled(await client.post(path, json=form)), form
        for body in (b"", b"\xff", b"[" * 5000, b"null", b'{"user": "\\ud800"}'):
            response = await client.post(
                path, content=body, headers={"Content-Type": "application/json"}
            )
            assert is_handled(response), body
