"""A language model ranks images, reads a taste and pins a word in a running system, by MCP."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from services.cli.demo.image_files import DemoFiles
from tests.e2e.pictures import story_files
from tests.e2e.system import System, environment

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(400)]
USER = "mcp/ada"


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "mcp")


async def test_likes_become_a_taste_that_ranks_explains_and_takes_a_pin(
    system: System, files: DemoFiles
) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "services.cli", "mcp"], env=environment(system.data_dir)
    )
    likes = [{"type": "like", "image_id": path.name, "uri": path.as_uri()} for path in files.liked]
    images = [{"image_id": path.name, "uri": path.as_uri()} for path in files.slate[:4]]
    async with Client(stdio_client(command)) as client:
        await _call(client, "send_feedback", user_id=USER, actions=likes)
        await _until_known(client)
        pin = {"element": "color", "word": "teal"}
        await _call(client, "pin_word", user_id=USER, **pin)
        feed = await _call(client, "rank_images", user_id=USER, images=images)
        best = feed["images"][0]["image_id"]
        why = await _call(
            client, "explain_rank", user_id=USER, request_id=feed["request_id"], image_id=best
        )
    assert [image["rank"] for image in feed["images"]] == [1, 2, 3, 4]
    assert why["rank"] == 1
    assert why["reasons"]


async def _until_known(client: Client) -> None:
    end = time.monotonic() + 120
    while (await client.call_tool("read_taste", {"user_id": USER})).is_error:
        assert time.monotonic() < end, "the likes have not become a taste"
        await asyncio.sleep(0.3)


async def _call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content
