"""Images are read from public hosts only; a private address is refused in every notation."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.domain.errors import Unprocessable
from shared.images.addresses import CheckedResolver, is_public
from shared.images.settings import ImageSettings
from shared.images.web_address import checked, redirected

SETTINGS = ImageSettings()


class FixedResolver(AbstractResolver):
    """A name service that returns fixed addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


PRIVATE = (
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("0.0.0.0", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1"),
    *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2001:db8::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1"),
    *("2002:7f00:1::", "2002:808:808::1", "2001:0:7f00:1::1"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1%25eth0]"),
        *("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[64:ff9b::127.0.0.1]"),
        # Other characters that the connection parses as digits and dots.
        *("①②⑦.⓪.⓪.①", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021"),
    ],
)
def test_a_private_address_as_host_is_refused_in_every_form(host: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        checked(f"https://{host}/latest/meta-data", SETTINGS)
    assert refused.value.reason == "private_address"
    assert "public hosts only" in refused.value.detail


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("http://images.example/a.png", "plain_http"),
        ("https://", "bad_uri"),
        ("https:///a.png", "bad_uri"),
        ("https:a.png", "bad_uri"),
        ("https://images.example:99999/", "bad_uri"),
        ("https://[::1/", "bad_uri"),
        ("https://127.0.0.1./", "private_address"),
        ("https://bob:hunter2@images.example/a.png", "credentials_in_uri"),
        ("https://bob@images.example/a.png", "credentials_in_uri"),
        ("https://images.example\\@127.0.0.1/", "bad_uri"),
        ("https://images.example#@127.0.0.1/", None),
    ],
)
def test_a_bad_web_address_is_refused_and_its_password_is_not_repeated(
    uri: str, reason: str | None
) -> None:
    if reason is None:
        assert checked(uri, SETTINGS).host == "images.example"
        return
    with pytest.raises(Unprocessable) as refused:
        checked(uri, SETTINGS)
    assert refused.value.reason == reason
    assert "hunter2" not in refused.value.detail


@pytest.mark.parametrize(
    ("location", "reason", "message"),
    [
        ("https://169.254.169.254/latest", "private_address", "169.254.169.254"),
        ("//127.0.0.1/", "private_address", "127.0.0.1"),
        ("http://images.example/a.png", "bad_redirect", "plain http"),
        ("file:///etc/passwd", "bad_redirect", "/etc/passwd"),
        ("data:image/png;base64,AAAA", "bad_redirect", "not on the web"),
        ("https://[/", "bad_redirect", "not an address"),
        ("https://bob:hunter2@images.example/", "credentials_in_uri", "images.example"),
    ],
)
def test_a_redirect_is_checked_like_a_first_address(
    location: str, reason: str, message: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        redirected(URL("https://images.example/a"), location, SETTINGS)
    assert refused.value.reason == reason
    assert message in refused.value.detail
    assert "hunter2" not in refused.value.detail


def test_a_redirect_from_https_to_http_is_refused_even_where_http_is_allowed() -> None:
    with pytest.raises(Unprocessable, match="bad_redirect"):
        redirected(URL("https://a.example/"), "http://a.example/", ImageSettings(allow_http=True))


async def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    resolver = CheckedResolver(FixedResolver("8.8.8.8", "10.0.0.1"))
    with pytest.raises(Unprocessable) as refused:
        await resolver.resolve("images.example", 443)
    assert refused.value.reason == "private_address"
    assert "images.example" in refused.value.detail
    assert "10.0.0.1" not in refused.value.detail


async def test_a_public_name_resolves_to_exactly_the_checked_addresses() -> None:
    results = await CheckedResolver(FixedResolver("8.8.8.8")).resolve("images.example", 443)
    assert [result["host"] for result in results] == ["8.8.8.8"]


async def test_a_name_without_addresses_is_unknown() -> None:
    with pytest.raises(socket.gaierror):
        await CheckedResolver(FixedResolver()).resolve("images.example", 443)
