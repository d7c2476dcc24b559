"""Images are loaded over real connections, and each fault of a host or its name is named."""

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
    async with hosted() as held:
        yield held


@pytest.fixture
async def loader() -> AsyncIterator[ImageLoader]:
    opened = ImageLoader(LOCAL)
    yield opened
    await opened.close()


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


async def test_a_refused_connection_is_not_available(
    unused_tcp_port: int, loader: ImageLoader
) -> None:
    with pytest.raises(Unavailable, match="cannot be connected to"):
        await loader.load(f"http://127.0.0.1:{unused_tcp_port}/a.png")


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
