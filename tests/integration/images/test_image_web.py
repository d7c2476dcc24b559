"""Images are loaded over real connections, and faults of hosts and names are translated."""

import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.images.web_source import WebSource
from tests.integration.images.image_host import LOCAL, PNG, RED, Host, hosted


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
    ("path", "reason", "message"),
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
async def test_a_permanent_fault_is_unprocessable(
    path: str, reason: str, message: str, host: tuple[Host, str], loader: ImageLoader
) -> None:
    with pytest.raises(Unprocessable) as refused:
        await loader.load(f"{host[1]}/{path}")
    assert refused.value.reason == reason
    assert message in refused.value.detail
    assert "hunter2" not in refused.value.detail


@pytest.mark.parametrize(
    ("path", "max_seconds", "message"),
    [
        ("status-500", 10.0, "answered 500"),
        ("status-503", 10.0, "answered 503"),
        ("status-429", 10.0, "answered 429"),
        ("silent", 0.5, "within 0.5 s"),
        ("slow", 0.5, "within 0.5 s"),
        ("cut", 10.0, "closed the connection"),
    ],
)
async def test_a_temporary_fault_is_unavailable(
    path: str, max_seconds: float, message: str, host: tuple[Host, str]
) -> None:
    loader = ImageLoader(LOCAL.model_copy(update={"max_image_wait_seconds": max_seconds}))
    with pytest.raises(Unavailable) as refused:
        await loader.load(f"{host[1]}/{path}?X-Signature=secret")
    await loader.close()
    assert refused.value.part == "image host"
    assert message in refused.value.detail
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize(
    "path",
    [
        *("encoded-gzip-gzip.png", "encoded-identity-gzip.png"),
        *("encoded-deflate-zlib.png", "encoded-gzip-raw.png", "encoded-br-raw.png"),
    ],
)
async def test_an_image_that_its_host_compresses_is_loaded(
    path: str, host: tuple[Host, str], loader: ImageLoader
) -> None:
    assert (await loader.load(f"{host[1]}/{path}")).pixels.getpixel((0, 0)) == RED


@pytest.mark.parametrize(
    ("path", "reason", "message"),
    [
        ("encoded-gzip-cut.png", "broken_image", "gzip and ends too early"),
        ("encoded-gzip-page.png", "not_an_image", "its content is an HTML page"),
        ("encoded-gzip-bomb.png", "too_many_bytes", "more than 100,000 bytes inside"),
        ("encoded-br-unknown.png", "content_encoding", "Content-Encoding: br"),
    ],
)
async def test_a_compressed_body_that_is_no_image_is_refused_with_its_cause(
    path: str, reason: str, message: str, host: tuple[Host, str], loader: ImageLoader
) -> None:
    with pytest.raises(Unprocessable) as refused:
        await loader.load(f"{host[1]}/{path}")
    assert refused.value.reason == reason
    assert message in refused.value.detail


async def test_a_refused_connection_is_unavailable(
    unused_tcp_port: int, loader: ImageLoader
) -> None:
    with pytest.raises(Unavailable, match="cannot be connected to"):
        await loader.load(f"http://127.0.0.1:{unused_tcp_port}/a.png")


class FakeResolver(AbstractResolver):
    """A name service with one fixed address or error, which counts the lookups."""

    def __init__(self, *, address: str | None = None, error: int = 0) -> None:
        self.lookups = 0
        self.address = address
        self.error = error

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.lookups += 1
        if self.address is None:
            raise socket.gaierror(self.error, "fixed error")
        return [
            ResolveResult(
                hostname=host, host=self.address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


async def test_a_host_is_resolved_once_and_the_connection_uses_that_address(
    host: tuple[Host, str],
) -> None:
    resolver = FakeResolver(address="127.0.0.1")
    source = WebSource(LOCAL, resolver=resolver)
    port = host[1].rpartition(":")[2]
    assert await source.fetch(f"http://images.example:{port}/a.png") == PNG
    assert resolver.lookups == 1
    await source.close()


async def test_a_host_with_a_private_address_gets_no_request(
    host: tuple[Host, str],
) -> None:
    source = WebSource(ImageSettings(allow_http=True), resolver=FakeResolver(address="127.0.0.1"))
    port = host[1].rpartition(":")[2]
    with pytest.raises(Unprocessable) as refused:
        await source.fetch(f"http://images.example:{port}/a.png")
    await source.close()
    assert refused.value.reason == "private_address"
    assert not host[0].requests


async def test_an_unknown_name_is_refused() -> None:
    source = WebSource(ImageSettings(), resolver=FakeResolver(error=socket.EAI_NONAME))
    with pytest.raises(Unprocessable, match=r"unknown_host.*check its name"):
        await source.fetch("https://images.example/a.png")
    await source.close()


async def test_a_temporary_error_of_the_name_service_is_unavailable() -> None:
    source = WebSource(ImageSettings(), resolver=FakeResolver(error=socket.EAI_AGAIN))
    with pytest.raises(Unavailable, match="cannot be resolved now"):
        await source.fetch("https://images.example/a.png")
    await source.close()


async def test_a_redirect_loop_ends(host: tuple[Host, str], loader: ImageLoader) -> None:
    with pytest.raises(Unprocessable, match=r"too_many_redirects.*more than 3 times"):
        await loader.load(f"{host[1]}/to-loop")
    assert host[0].requests == {"to-loop": 4}


async def test_a_redirect_to_an_image_is_followed(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    image = await loader.load(f"{host[1]}/to-image?to=/a.png")
    assert image.pixels.getpixel((0, 0)) == RED


async def test_no_cookie_is_sent_and_no_compression_is_requested(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    await loader.load(f"{host[1]}/a.png")
    await loader.load(f"{host[1]}/b.png")
    assert "Cookie" not in host[0].headers
    assert host[0].headers["Accept-Encoding"] == "identity"


async def test_the_content_decides_the_format_and_not_the_suffix(
    host: tuple[Host, str], loader: ImageLoader
) -> None:
    image = await loader.load(f"{host[1]}/wrong-suffix.png")
    assert image.pixels.size == (6, 4)
