"""Image hosts that are slow, silent or good, in a process of their own, on many addresses.

`python -m tests.integration.images.stranger_hosts` prints the ports as JSON and serves until its
standard input ends. Every address of 127.0.0.0/8 reaches it, so one port gives many hosts.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.unit.shared.images.bad_images import encoded, noisy

PNG = encoded(noisy(), "PNG")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"
DRIP_SECONDS = 0.5


@dataclass(frozen=True)
class StrangerHosts:
    """Addresses of the hosts; `number` chooses one of many host addresses."""

    port: int

    def dripping(self, path: object, *, number: int = 0) -> str:
        """Sends a byte of an image every half second."""
        return f"{self._host(number)}/drip?{path}"

    def silent(self, path: object, *, number: int = 0) -> str:
        """Accepts the connection and never answers."""
        return f"{self._host(number)}/silent?{path}"

    def good(self, path: object, *, number: int = 0, after_seconds: float = 0) -> str:
        """Sends an image, perhaps after a while."""
        return f"{self._host(number)}/good?after={after_seconds}&{path}"

    def redirecting(self, target: str, *, number: int = 0) -> str:
        """Redirects to another address at once."""
        return f"{self._host(number)}/to?to={target.replace('?', '%3F').replace('&', '%26')}"

    def status(self, status: int, path: object, *, number: int = 0) -> str:
        """Answers with a status."""
        return f"{self._host(number)}/status?{status}&{path}"

    def _host(self, number: int) -> str:
        return f"http://127.1.{number // 250}.{number % 250 + 1}:{self.port}"


@contextmanager
def stranger_hosts() -> Iterator[StrangerHosts]:
    """The running hosts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.images.stranger_hosts"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield StrangerHosts(**json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "0.0.0.0", 0, backlog=4096)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    # At once, whatever connections are open.
    os._exit(0)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            target = urlsplit(head.split(b" ", 2)[1].decode())
            await _respond(target.path, target.query, writer)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _respond(path: str, query: str, writer: asyncio.StreamWriter) -> None:
    match path:
        case "/silent":
            await asyncio.sleep(3600)
        case "/drip":
            writer.write(HEAD % 100_000)
            while True:
                writer.write(b"\0")
                await writer.drain()
                await asyncio.sleep(DRIP_SECONDS)
        case "/to":
            await asyncio.sleep(float(parse_qs(query).get("after", ["0"])[0]))
            location = b"Location: " + parse_qs(query)["to"][0].encode()
            writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n%b\r\n\r\n" % location)
        case "/status":
            status = query.partition("&")[0].encode()
            writer.write(b"HTTP/1.1 %b Status\r\nContent-Length: 0\r\n\r\n" % status)
        case _:
            await asyncio.sleep(float(parse_qs(query).get("after", ["0"])[0]))
            writer.write(HEAD % len(PNG) + PNG)
    await writer.drain()


if __name__ == "__main__":
    asyncio.run(_serve())
