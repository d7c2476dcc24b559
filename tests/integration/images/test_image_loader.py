"""The loader reads only allowed addresses, from every source, within its limits."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.loader import ImageLoader, LoadedImage
from shared.images.settings import ImageSettings
from tests.integration.images.image_host import LOCAL, PNG, Host, hosted
from tests.unit.shared.images.bad_images import BAD_FILES


@pytest.fixture
async def host() -> AsyncIterator[tuple[Host, str]]:
    async with hosted() as running:
        yield running


@pytest.fixture
async def loader() -> AsyncIterator[ImageLoader]:
    loader = ImageLoader(LOCAL)
    yield loader
    await loader.close()


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("http://images.example/a.png", "plain_http"),
        ("https://localhost:1/a.png", "private_address"),
        ("https://127.0.0.1:1/a.png", "private_address"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("https://[::1]:1/a.png", "private_address"),
        ("https://[::ffff:127.0.0.1]:1/a.png", "private_address"),
        ("https://2130706433/a.png", "private_address"),
        ("https://①②⑦.⓪.⓪.①:1/a.png", "private_address"),
        ("https://bob:hunter2@images.example/a.png", "credentials_in_uri"),
        ("https://" + "a" * 70 + ".example/", "bad_uri"),
        ("https://a..example/", "bad_uri"),
        ("ftp://bob:hunter2@images.example/a.png", "unknown_scheme"),
        ("javascript:alert(1)", "unknown_scheme"),
        ("a.png", "unknown_scheme"),
        ("https", "unknown_scheme"),
        ("", "unknown_scheme"),
        ("file:///etc/passwd", "file_not_allowed"),
        ("data:text/plain;base64,AAAA", "not_an_image"),
        ("data:image/png;base64,AAA!", "bad_data_uri"),
        ("data:image/png;base64,AAAA", "not_an_image"),
        ("s3://only-a-bucket", "bad_uri"),
        ("s3:/", "bad_uri"),
    ],
)
async def test_an_address_that_is_not_allowed_is_refused(uri: str, reason: str) -> None:
    loader = ImageLoader(ImageSettings())
    with pytest.raises(Unprocessable) as refused:
        await loader.load(uri)
    await loader.close()
    assert refused.value.reason == reason
    assert "hunter2" not in str(refused.value)


async def test_the_same_image_at_two_addresses_has_one_hash(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    first = await loader.load(f"{host[1]}/a.png")
    second = await loader.load("data:image/png;base64," + base64.b64encode(PNG).decode())
    assert first.content_hash == second.content_hash


async def test_the_number_of_images_loaded_at_the_same_time_is_bounded(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    await loader.load_many([f"{host[1]}/wait?{number}" for number in range(10)])
    assert host[0].max_running == LOCAL.image_concurrency


async def test_an_image_that_is_too_late_is_unavailable_and_the_others_are_loaded(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    uris = [f"{host[1]}/a", f"{host[1]}/silent"]
    loaded, late = await loader.load_many(uris, within_seconds=2.0)
    assert isinstance(loaded, LoadedImage)
    assert isinstance(late, Unavailable)
    assert "did not load within 2.0 seconds" in late.detail


async def test_images_keep_their_order_and_each_address_is_fetched_once(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    uris = [f"{host[1]}/{path}" for path in ("a", "status-404", "b", "a", "status-500", "a")]
    results = await loader.load_many(uris)
    kinds = [type(result) for result in results]
    assert kinds == [
        *(LoadedImage, Unprocessable, LoadedImage),
        *(LoadedImage, Unavailable, LoadedImage),
    ]
    assert set(host[0].requests.values()) == {1}
    assert await loader.load_many([]) == []


async def test_a_bad_file_does_not_affect_other_images(tmp_path: Path) -> None:
    for name, data, _ in BAD_FILES:
        (tmp_path / name).write_bytes(data)
    (tmp_path / "good.png").write_bytes(PNG)
    loader = ImageLoader(ImageSettings(allowed_file_roots=(tmp_path,)))
    names = [*(name for name, _, _ in BAD_FILES), "good.png"]
    *bad, good = await loader.load_many([f"file://{tmp_path}/{name}" for name in names])
    await loader.close()
    assert isinstance(good, LoadedImage)
    reasons = [error.reason for error in bad if isinstance(error, Unprocessable)]
    assert reasons == [reason for _, _, reason in BAD_FILES]
