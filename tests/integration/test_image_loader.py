"""Images are loaded over real connections, each fault of a host is named, and limits hold."""

import asyncio
import base64
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from moto.server import ThreadedMotoServer
from PIL import Image

from shared.errors import Unavailable, Unprocessable
from shared.images.loader import ImageLoader, LoadedImage
from shared.images.settings import ImageSettings
from shared.images.web_source import WebSource
from tests.unit.images.bad_images import BAD_FILES, encoded

RED = (255, 0, 0)
PNG = encoded(Image.new("RGB", (6, 4), RED), "PNG")
JPEG = encoded(Image.new("RGB", (6, 4), RED), "JPEG", quality=100, subsampling=0)
MOST = 100_000
LOCAL = ImageSettings(
    allow_private_addresses=True,
    allow_http=True,
    max_image_bytes=MOST,
    max_image_wait_seconds=10.0,
    images_at_once=3,
)


class Host:
    """A host of images that does what is wrong with hosts, and counts who asks."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, str] = {}
        self.now = self.most_at_once = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        what = request.match_info["what"]
        self.asked[what] += 1
        self.headers = dict(request.headers)
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            return await self._answer(request, what)
        finally:
            self.now -= 1

    async def _answer(self, request: web.Request, what: str) -> web.StreamResponse:
        if what.startswith("status-"):
            return web.Response(status=int(what.removeprefix("status-")), body=PNG)
        if what.startswith("to-"):
            location = request.query.get("to", str(request.rel_url))
            return web.Response(status=302, headers={"Location": location})
        if what == "wait":
            await asyncio.sleep(0.05)
        if what in ("silent", "slow", "endless", "cut"):
            return await self._stream(request, what)
        if what == "page":
            return web.Response(text="<!doctype html><html></html>", content_type="text/html")
        if what == "lying-suffix.png":
            return web.Response(body=JPEG, content_type="text/plain")
        if what == "large":
            return web.Response(body=b"\0" * (MOST + 1))
        return web.Response(body=PNG, headers={"Set-Cookie": "who=me"})

    async def _stream(self, request: web.Request, what: str) -> web.StreamResponse:
        if what == "silent":
            await asyncio.sleep(5)
        answer = web.StreamResponse()
        if what == "cut":
            answer.content_length = len(PNG)
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"\0" * (10 if what != "endless" else 50_000))
                if what == "cut":
                    assert request.transport is not None
                    request.transport.close()
                    return answer
                await asyncio.sleep(0.1 if what == "slow" else 0)
        except ConnectionError:
            return answer


@pytest.fixture
async def host() -> AsyncIterator[tuple[Host, str]]:
    """A host, and the address it is at."""
    held = Host()
    app = web.Application()
    app.router.add_get("/{what}", held.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    yield held, f"http://127.0.0.1:{server.port}"
    await server.close()


@pytest.fixture
async def loader() -> AsyncIterator[ImageLoader]:
    opened = ImageLoader(LOCAL)
    yield opened
    await opened.close()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("what", "reason", "told"),
    [
        ("status-404", "http_404", "answered 404"),
        ("status-403", "http_403", "answered 403"),
        ("status-410", "http_410", "answered 410"),
        ("status-204", "http_204", "answered 204"),
        ("status-301", "http_301", "answered 301"),
        ("status-499", "http_error", "answered 499"),
        ("page", "not_an_image", "HTML page"),
        ("large", "too_many_bytes", "100,000 bytes"),
        ("endless", "too_many_bytes", "endless"),
        ("to-file?to=file:///etc/passwd", "bad_redirect", "not on the web"),
        ("to-ftp?to=ftp://images.example/a.png", "bad_redirect", "not on the web"),
        ("to-data?to=data:image/png;base64,AAAA", "bad_redirect", "not on the web"),
        ("to-user?to=http://bob:hunter2@images.example/", "credentials_in_uri", "user or password"),
    ],
)
async def test_what_will_never_be_an_image_is_refused(
    what: str, reason: str, told: str, host: tuple[Host, str], loader: ImageLoader
) -> None:
    with pytest.raises(Unprocessable) as refused:
        await loader.load(f"{host[1]}/{what}")
    assert refused.value.reason == reason
    assert told in refused.value.detail
    assert "hunter2" not in refused.value.detail


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("status-500", "answered 500"),
        ("status-503", "answered 503"),
        ("status-429", "answered 429"),
        ("silent", "within 0.5 s"),
        ("slow", "within 0.5 s"),
        ("cut", "broke off"),
    ],
)
async def test_what_may_be_an_image_later_is_not_available(
    what: str, told: str, host: tuple[Host, str]
) -> None:
    loader = ImageLoader(LOCAL.model_copy(update={"max_image_wait_seconds": 0.5}))
    with pytest.raises(Unavailable) as refused:
        await loader.load(f"{host[1]}/{what}?X-Signature=secret")
    await loader.close()
    assert refused.value.part == "image host"
    assert told in refused.value.detail
    assert "secret" not in refused.value.detail


async def test_a_refused_connection_is_not_available(closed_port: int, loader: ImageLoader) -> None:
    with pytest.raises(Unavailable, match="cannot be connected to"):
        await loader.load(f"http://127.0.0.1:{closed_port}/a.png")


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
        ("data:text/plain;base64,AAAA", "bad_data_uri"),
        ("data:image/png;base64,AAAA", "not_an_image"),
        ("s3://only-a-bucket", "bad_uri"),
        ("s3:/", "bad_uri"),
    ],
)
async def test_an_address_that_we_do_not_read_from_is_refused(uri: str, reason: str) -> None:
    loader = ImageLoader(ImageSettings())
    with pytest.raises(Unprocessable) as refused:
        await loader.load(uri)
    await loader.close()
    assert refused.value.reason == reason
    assert "hunter2" not in str(refused.value)


class Names(AbstractResolver):
    """A name service that says what it is told to, and counts the questions."""

    def __init__(self, *, address: str | None = None, error: int = 0) -> None:
        self.asked = 0
        self.address = address
        self.error = error

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        if self.address is None:
            raise socket.gaierror(self.error, "as told")
        return [
            ResolveResult(
                hostname=host, host=self.address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


async def test_a_host_is_looked_up_once_and_connected_to_where_that_look_up_says(
    host: tuple[Host, str],
) -> None:
    names = Names(address="127.0.0.1")
    source = WebSource(LOCAL, names=names)
    port = host[1].rpartition(":")[2]
    assert await source.fetch(f"http://images.example:{port}/a.png") == PNG
    assert names.asked == 1
    await source.close()


async def test_a_host_that_leads_to_a_private_address_is_never_asked(
    host: tuple[Host, str],
) -> None:
    source = WebSource(ImageSettings(allow_http=True), names=Names(address="127.0.0.1"))
    port = host[1].rpartition(":")[2]
    with pytest.raises(Unprocessable) as refused:
        await source.fetch(f"http://images.example:{port}/a.png")
    await source.close()
    assert refused.value.reason == "private_address"
    assert not host[0].asked


async def test_a_name_that_does_not_exist_is_refused() -> None:
    source = WebSource(ImageSettings(), names=Names(error=socket.EAI_NONAME))
    with pytest.raises(Unprocessable, match=r"unknown_host.*check its name"):
        await source.fetch("https://images.example/a.png")
    await source.close()


async def test_a_name_service_that_fails_for_now_is_not_available() -> None:
    source = WebSource(ImageSettings(), names=Names(error=socket.EAI_AGAIN))
    with pytest.raises(Unavailable, match="just now"):
        await source.fetch("https://images.example/a.png")
    await source.close()


async def test_a_redirect_loop_ends(host: tuple[Host, str], loader: ImageLoader) -> None:
    with pytest.raises(Unprocessable, match=r"too_many_redirects.*more than 3 times"):
        await loader.load(f"{host[1]}/to-loop")
    assert host[0].asked == {"to-loop": 4}


async def test_a_redirect_to_an_image_is_followed(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    found = await loader.load(f"{host[1]}/to-image?to=/a.png")
    assert found.pixels.getpixel((0, 0)) == RED


async def test_no_cookie_comes_back_and_no_packing_is_asked_for(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    await loader.load(f"{host[1]}/a.png")
    await loader.load(f"{host[1]}/b.png")
    assert "Cookie" not in host[0].headers
    assert host[0].headers["Accept-Encoding"] == "identity"


async def test_the_content_decides_and_not_the_suffix(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    found = await loader.load(f"{host[1]}/lying-suffix.png")
    assert found.pixels.size == (6, 4)


async def test_one_picture_under_two_addresses_has_one_hash(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    one = await loader.load(f"{host[1]}/a.png")
    other = await loader.load("data:image/png;base64," + base64.b64encode(PNG).decode())
    assert one.content_hash == other.content_hash


async def test_many_are_loaded_a_few_at_a_time(host: tuple[Host, str], loader: ImageLoader) -> None:
    await loader.load_many([f"{host[1]}/wait?{number}" for number in range(10)])
    assert host[0].most_at_once == LOCAL.images_at_once


async def test_what_is_late_is_refused_and_the_rest_is_there(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    uris = [f"{host[1]}/a", f"{host[1]}/silent"]
    there, late = await loader.load_many(uris, within_seconds=0.5)
    assert isinstance(there, LoadedImage)
    assert isinstance(late, Unavailable)
    assert "was not there within 0.5 seconds" in late.detail


async def test_many_keep_their_order_and_each_is_fetched_once(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    uris = [f"{host[1]}/{what}" for what in ("a", "status-404", "b", "a", "status-500", "a")]
    found = await loader.load_many(uris)
    kinds = [type(one) for one in found]
    assert kinds == [
        *(LoadedImage, Unprocessable, LoadedImage),
        *(LoadedImage, Unavailable, LoadedImage),
    ]
    assert set(host[0].asked.values()) == {1}
    assert await loader.load_many([]) == []


async def test_no_bad_file_costs_another_image(tmp_path: Path) -> None:
    for name, data, _ in BAD_FILES:
        (tmp_path / name).write_bytes(data)
    (tmp_path / "good.png").write_bytes(PNG)
    loader = ImageLoader(ImageSettings(allowed_file_roots=(tmp_path,)))
    names = [*(name for name, _, _ in BAD_FILES), "good.png"]
    *bad, good = await loader.load_many([f"file://{tmp_path}/{name}" for name in names])
    await loader.close()
    assert isinstance(good, LoadedImage)
    reasons = [one.reason for one in bad if isinstance(one, Unprocessable)]
    assert reasons == [reason for _, _, reason in BAD_FILES]


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of an S3 store with one bucket."""
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
    client.put_object(Bucket="images", Key="large.png", Body=b"\0" * (MOST + 1))
    client.close()
    yield address
    server.stop()


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def from_store(address: str, *, wait: float = 60.0) -> ImageLoader:
    return ImageLoader(
        ImageSettings(s3_endpoint=address, max_image_bytes=MOST, max_image_wait_seconds=wait)
    )


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("uri", ["s3://images/a/b.png", "S3://images/a/b.png"])
async def test_an_object_is_read_from_s3(uri: str, store: str) -> None:
    loader = from_store(store)
    found = await loader.load(uri)
    await loader.close()
    assert found.pixels.getpixel((0, 0)) == RED


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("uri", "reason", "told"),
    [
        ("s3://images/missing.png", "no_such_object", "missing.png"),
        ("s3://images/a", "no_such_object", "check its bucket and its key"),
        ("s3://no-such-bucket/a.png", "no_such_object", "no-such-bucket"),
        ("s3://images/empty.png", "empty_image", "no bytes"),
        ("s3://images/large.png", "too_many_bytes", "100,000 bytes"),
        ("s3://not*a*bucket/a.png", "bad_uri", "names no possible object"),
    ],
)
async def test_another_object_is_refused(uri: str, reason: str, told: str, store: str) -> None:
    loader = from_store(store)
    with pytest.raises(Unprocessable) as refused:
        await loader.load(uri)
    await loader.close()
    assert refused.value.reason == reason
    assert told in refused.value.detail


@pytest.mark.usefixtures("_keys")
async def test_a_store_that_does_not_answer_is_not_available(closed_port: int) -> None:
    loader = from_store(f"http://127.0.0.1:{closed_port}", wait=2.0)
    with pytest.raises(Unavailable) as refused:
        await loader.load("s3://images/a.png")
    await loader.close()
    assert refused.value.part == "s3"


async def test_a_public_bucket_is_read_without_credentials(store: str) -> None:
    loader = ImageLoader(
        ImageSettings(s3_endpoint=store, s3_anonymous=True, max_image_wait_seconds=60)
    )
    found = await loader.load("s3://images/public.png")
    await loader.close()
    assert found.pixels.size == (6, 4)


async def test_s3_without_credentials_is_refused_and_says_what_to_set(
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
async def test_several_first_objects_at_a_time_share_one_client_that_is_closed(store: str) -> None:
    loader = from_store(store)
    found = await loader.load_many(
        ["s3://images/a/b.png", "s3://images/none.png", "s3://images/a/b.png", "s3://no-such/a"]
    )
    await loader.close()
    assert [type(one) for one in found] == [LoadedImage, Unprocessable, LoadedImage, Unprocessable]


@pytest.mark.usefixtures("_keys")
async def test_a_first_object_that_takes_too_long_leaves_nothing_open(store: str) -> None:
    loader = from_store(store, wait=0.01)
    with pytest.raises(Unavailable, match=r"within 0\.01 s"):
        await loader.load("s3://images/a/b.png")
    await loader.close()


@pytest.mark.usefixtures("_keys")
async def test_a_wrong_endpoint_is_named_and_not_blamed_on_the_image() -> None:
    loader = from_store("not an address")
    with pytest.raises(Unavailable, match="PREFERSTREAM_S3_ENDPOINT"):
        await loader.load("s3://images/a/b.png")
    await loader.close()
