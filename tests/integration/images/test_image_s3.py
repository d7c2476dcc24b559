"""Images are loaded from an S3 store, and its errors are translated."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.loader import ImageLoader, LoadedImage
from shared.images.settings import ImageSettings
from tests.integration.images.image_host import MAX_BYTES, PNG, RED


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """Address of an S3 store with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket="images")
    client.put_object(Bucket="images", Key="a/b.png", Body=PNG)
    client.put_object(Bucket="images", Key="public.png", Body=PNG, ACL="public-read")
    client.put_object(Bucket="images", Key="empty.png", Body=b"")
    client.put_object(Bucket="images", Key="large.png", Body=b"\0" * (MAX_BYTES + 1))
    client.close()
    yield address
    server.stop()


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def from_store(address: str, *, max_seconds: float = 60.0) -> ImageLoader:
    return ImageLoader(
        ImageSettings(
            s3_endpoint=address, max_image_bytes=MAX_BYTES, max_image_wait_seconds=max_seconds
        )
    )


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("uri", ["s3://images/a/b.png", "S3://images/a/b.png"])
async def test_an_object_is_read_from_s3(uri: str, store: str) -> None:
    loader = from_store(store)
    image = await loader.load(uri)
    await loader.close()
    assert image.pixels.getpixel((0, 0)) == RED


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("uri", "reason", "message"),
    [
        ("s3://images/missing.png", "no_such_object", "missing.png"),
        ("s3://images/a", "no_such_object", "check its bucket and its key"),
        ("s3://no-such-bucket/a.png", "no_such_object", "no-such-bucket"),
        ("s3://images/empty.png", "empty_image", "no bytes"),
        ("s3://images/large.png", "too_many_bytes", "100,000 bytes"),
        ("s3://not*a*bucket/a.png", "bad_uri", "names no possible object"),
    ],
)
async def test_any_other_object_is_refused(uri: str, reason: str, message: str, store: str) -> None:
    loader = from_store(store)
    with pytest.raises(Unprocessable) as refused:
        await loader.load(uri)
    await loader.close()
    assert refused.value.reason == reason
    assert message in refused.value.detail


@pytest.mark.usefixtures("_keys")
async def test_a_store_that_does_not_answer_is_unavailable(unused_tcp_port: int) -> None:
    loader = from_store(f"http://127.0.0.1:{unused_tcp_port}", max_seconds=2.0)
    with pytest.raises(Unavailable) as refused:
        await loader.load("s3://images/a.png")
    await loader.close()
    assert refused.value.part == "s3"


async def test_a_public_bucket_is_read_without_credentials(store: str) -> None:
    loader = ImageLoader(
        ImageSettings(s3_endpoint=store, s3_anonymous=True, max_image_wait_seconds=60)
    )
    image = await loader.load("s3://images/public.png")
    await loader.close()
    assert image.pixels.size == (6, 4)


async def test_without_credentials_the_refusal_names_the_setting(
    store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    loader = from_store(store)
    with pytest.raises(Unprocessable, match=r"s3_forbidden.*PREFERSTREAM_S3_ANONYMOUS"):
        await loader.load("s3://images/a/b.png")
    await loader.close()


@pytest.mark.usefixtures("_keys")
async def test_concurrent_first_objects_share_one_client_that_is_closed(store: str) -> None:
    loader = from_store(store)
    results = await loader.load_many(
        ["s3://images/a/b.png", "s3://images/none.png", "s3://images/a/b.png", "s3://no-such/a"]
    )
    await loader.close()
    assert [type(result) for result in results] == [
        LoadedImage,
        Unprocessable,
        LoadedImage,
        Unprocessable,
    ]


@pytest.mark.usefixtures("_keys")
async def test_a_first_object_that_takes_too_long_leaves_no_client_open(store: str) -> None:
    loader = from_store(store, max_seconds=0.01)
    with pytest.raises(Unavailable, match=r"within 0\.01 s"):
        await loader.load("s3://images/a/b.png")
    await loader.close()


@pytest.mark.usefixtures("_keys")
async def test_an_invalid_endpoint_setting_is_unavailable_and_named() -> None:
    loader = from_store("not an address")
    with pytest.raises(Unavailable, match="PREFERSTREAM_S3_ENDPOINT"):
        await loader.load("s3://images/a/b.png")
    await loader.close()
