"""Names are resolved without threads, and names that never resolve block nothing else."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.hosts.host_gate import HostGate
from shared.images.hosts.name_resolver import NameResolver
from shared.images.loader import ImageLoader, LoadedImage
from shared.images.settings import ImageSettings
from shared.images.web_source import WebSource
from tests.integration.images.image_host import PNG


@pytest.fixture
def silent_name_server() -> Iterator[str]:
    """The address of a name server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def test_a_local_name_is_resolved() -> None:
    resolver = NameResolver()
    results = await resolver.resolve("localhost", 8080)
    await resolver.close()
    assert {(result["host"], result["port"]) for result in results} == {("127.0.0.1", 8080)}


async def test_a_name_that_does_not_exist_is_unknown() -> None:
    resolver = NameResolver()
    with pytest.raises(socket.gaierror) as refused:
        # Reserved for this purpose: RFC 6761, section 6.4.
        await resolver.resolve("images.invalid", 443)
    await resolver.close()
    assert refused.value.errno in (socket.EAI_NONAME, socket.EAI_AGAIN)


async def test_text_that_cannot_be_a_name_is_refused() -> None:
    source = WebSource(ImageSettings())
    with pytest.raises(Unprocessable, match="bad_uri"):
        await source.fetch("https://" + "a" * 70 + ".example/")
    await source.close()


async def test_hundreds_of_names_that_never_resolve_block_no_file(
    silent_name_server: str, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    settings = ImageSettings(
        allowed_file_roots=(tmp_path,), allow_http=True, max_image_wait_seconds=2.0
    )
    loader = ImageLoader(settings)
    loader._web = WebSource(settings, gate=loader.gate, resolver=NameResolver([silent_name_server]))
    uris = [f"https://host-{number}.example/a.png" for number in range(300)]
    others = asyncio.create_task(loader.load_many(uris, within_seconds=5, requester="others"))
    await asyncio.sleep(0.3)
    started_at = time.perf_counter()
    for _ in range(20):
        image = await loader.load(f"file://{tmp_path}/a.png", requester="neighbor")
        assert isinstance(image, LoadedImage)
        # The default executor is free as well.
        await asyncio.to_thread(lambda: None)
    assert time.perf_counter() - started_at < 2.0
    results = await others
    await loader.close()
    assert {type(result) for result in results} == {Unavailable}


async def test_a_name_that_does_not_resolve_in_time_is_a_failure_of_its_host(
    silent_name_server: str,
) -> None:
    settings = ImageSettings(max_image_wait_seconds=0.5)
    gate = HostGate(settings)
    source = WebSource(settings, gate=gate, resolver=NameResolver([silent_name_server]))
    with pytest.raises(Unavailable, match=r"within 0\.5 s"):
        await source.fetch("https://host.example/a.png")
    await source.close()
    assert gate.failures == {"timeout": 1}
