"""A real vLLM server answers as the in-process engine does, and its adapters can be replaced."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from safetensors.numpy import load_file, save_file

from services.cli.doctor.model_check.server import check_server
from services.retrain.registry.folders import ModelFolders, NewVersion
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.checkpoint.model_package import ModelPackage, release
from shared.vlm.checkpoint.promoted_model import InProcessLoader
from shared.vlm.factory import open_model
from shared.vlm.protocol import References, ScoredInput
from shared.vlm.server.adapters import loaded_adapters
from shared.vlm.server.connection import Connection
from shared.vlm.server.loading import ServerLoader
from shared.vlm.settings import ModelSettings
from tests.contract.vlm.engines import candidates, drawings, picture
from tests.support.adapters import write_adapter
from tests.support.vllm_fixtures import RunningServer, needs_vllm

pytestmark = [pytest.mark.model, pytest.mark.vllm, needs_vllm, pytest.mark.timeout(1200)]
RELEASE = release(None)
TOLERANCE = 1e-3
"""Largest difference of two probabilities; measured: 1e-5. Both engines use single precision but
add in another order."""


@pytest.fixture
def settings(vllm_server: RunningServer) -> ModelSettings:
    return ModelSettings(
        model_server=vllm_server.address, model_server_key=SecretStr(vllm_server.key)
    )


@pytest.fixture
async def server(settings: ModelSettings) -> AsyncIterator[ServerLoader]:
    opened = await ServerLoader.open(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def connection(settings: ModelSettings) -> AsyncIterator[Connection]:
    async with Connection(settings) as connection:
        yield connection


@pytest.fixture(scope="module")
def in_process() -> Iterator[InProcessLoader]:
    loader = InProcessLoader(ModelSettings(model_device="cpu"))
    yield loader
    loader.close()


@pytest.fixture
def adapter(tmp_path: Path) -> ModelPackage:
    return package(tmp_path, write_adapter(tmp_path / "adapter", seed=3, strength=0.1))


def package(root: Path, folder: Path) -> ModelPackage:
    version = f"served-{uuid4().hex[:8]}"
    new = NewVersion(
        version, "adapter", RELEASE.name, datetime.now(UTC), base_version=RELEASE.version
    )
    return ModelFolders(root / "models", RELEASE).add(folder, new)


async def test_all_answers_equal_those_of_the_in_process_engine(
    server: ServerLoader, in_process: InProcessLoader
) -> None:
    local, remote = in_process.load_release(), server.load_release()
    inputs = candidates(12)
    expected, scores = await local.score(inputs), await remote.score(inputs)
    for local_scores, remote_scores in zip(expected, scores, strict=True):
        for element in ELEMENTS:
            assert remote_scores.digits[element] == pytest.approx(
                local_scores.digits[element], abs=TOLERANCE
            )
    scored = [ScoredInput(c, s) for c, s in zip(inputs[:5], expected, strict=False)]
    assert await remote.explain(scored) == await local.explain(scored)
    images = tuple(drawings(6))
    assert await remote.describe(images) == await local.describe(images)
    references = [References(images[:3], images[3:])]
    assert await remote.predict(references) == await local.predict(references)


async def test_an_adapters_scores_equal_those_of_the_adapter_merged_in_process(
    server: ServerLoader, in_process: InProcessLoader, adapter: ModelPackage
) -> None:
    uri = adapter.folder.as_uri()
    local = await asyncio.to_thread(in_process.load, uri=uri, sha256=adapter.sha256)
    remote = await asyncio.to_thread(server.load, uri=uri, sha256=adapter.sha256)
    inputs = candidates(6)
    base = await server.load_release().score(inputs)
    expected, scores = await local.score(inputs), await remote.score(inputs)
    for local_scores, remote_scores in zip(expected, scores, strict=True):
        for element in ELEMENTS:
            assert remote_scores.digits[element] == pytest.approx(
                local_scores.digits[element], abs=TOLERANCE
            )
    assert max(abs(a.total - b.total) for a, b in zip(scores, base, strict=True)) > 0.1


async def test_an_adapter_is_unloaded_with_the_last_model_that_uses_it(
    server: ServerLoader, connection: Connection, adapter: ModelPackage
) -> None:
    uri = adapter.folder.as_uri()
    first = await asyncio.to_thread(server.load, uri=uri, sha256=adapter.sha256)
    second = await asyncio.to_thread(server.load, uri=uri, sha256=adapter.sha256)
    assert (await loaded_adapters(connection))[adapter.version] == str(adapter.folder.resolve())
    scoring = asyncio.create_task(first.score(candidates(4)))
    await asyncio.sleep(0)
    del first
    assert len(await scoring) == 4
    assert adapter.version in await loaded_adapters(connection)
    del second, scoring
    gc.collect()
    await until_gone(connection, adapter.version)


async def test_an_adapter_that_another_instance_unloaded_is_loaded_again(
    server: ServerLoader, connection: Connection, adapter: ModelPackage
) -> None:
    model = await asyncio.to_thread(server.load, uri=adapter.folder.as_uri(), sha256=adapter.sha256)
    before = await model.score(candidates(2))
    await connection.post("v1/unload_lora_adapter", {"lora_name": adapter.version})
    after = await model.score(candidates(2))
    assert [s.total for s in after] == pytest.approx([s.total for s in before], abs=TOLERANCE)
    assert adapter.version in await loaded_adapters(connection)


async def test_a_version_that_the_server_loaded_from_another_folder_is_refused(
    server: ServerLoader, connection: Connection, adapter: ModelPackage, tmp_path: Path
) -> None:
    other = write_adapter(tmp_path / "other", seed=4)
    await connection.post(
        "v1/load_lora_adapter", {"lora_name": adapter.version, "lora_path": str(other)}
    )
    with pytest.raises(BadCheckpoint, match="a version has one folder"):
        await asyncio.to_thread(server.load, uri=adapter.folder.as_uri(), sha256=adapter.sha256)


async def test_an_adapter_of_the_vision_tower_is_refused(
    server: ServerLoader, tmp_path: Path
) -> None:
    folder = write_adapter(tmp_path / "adapter", seed=5)
    file = folder / "adapter_model.safetensors"
    weights = load_file(file)
    renamed = {k.replace(".language_model.", ".visual."): v for k, v in weights.items()}
    save_file(renamed, file)
    adapter = package(tmp_path, folder)
    with pytest.raises(BadCheckpoint, match="changes the language model alone"):
        await asyncio.to_thread(server.load, uri=adapter.folder.as_uri(), sha256=adapter.sha256)


async def test_an_adapter_that_the_server_cannot_load_is_refused_with_the_cause(
    server: ServerLoader, tmp_path: Path
) -> None:
    folder = write_adapter(tmp_path / "adapter", seed=6)
    config = (folder / "adapter_config.json").read_text()
    (folder / "adapter_config.json").write_text(config.replace('"r": 4', '"r": 512'))
    adapter = package(tmp_path, folder)
    with pytest.raises(BadCheckpoint, match="rank"):
        await asyncio.to_thread(server.load, uri=adapter.folder.as_uri(), sha256=adapter.sha256)


async def test_a_whole_checkpoint_is_refused_with_a_remedy(
    server: ServerLoader, tmp_path: Path
) -> None:
    new = NewVersion("whole-2", "checkpoint", RELEASE.name, datetime.now(UTC))
    whole = ModelFolders(tmp_path / "models", RELEASE).add(RELEASE.folder, new)
    with pytest.raises(BadCheckpoint, match="start a server with it"):
        await asyncio.to_thread(server.load, uri=whole.folder.as_uri(), sha256=whole.sha256)


async def test_more_images_than_the_server_accepts_are_unprocessable(server: ServerLoader) -> None:
    images = tuple(picture(n) for n in range(20))
    with pytest.raises(Unprocessable, match="model_refused"):
        await server.load_release().predict([References(images, ())])


async def test_the_error_of_a_wrong_key_names_the_setting_and_not_the_key(
    settings: ModelSettings,
) -> None:
    wrong = settings.model_copy(update={"model_server_key": SecretStr("open-barley")})
    with pytest.raises(Unavailable, match="PREFERSTREAM_MODEL_SERVER_KEY") as refused:
        async with open_model(wrong):
            pass
    assert "open-barley" not in str(refused.value)


async def test_a_server_of_another_model_is_refused(
    settings: ModelSettings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.symlink_to(shipped_folder())
    named = settings.model_copy(update={"model_server_model": "qwen-7b"})
    with pytest.raises(BadCheckpoint, match="not qwen-7b; correct PREFERSTREAM_MODEL_SERVER_MODEL"):
        async with open_model(named):
            pass


async def until_gone(connection: Connection, version: str) -> None:
    for _ in range(100):
        if version not in await loaded_adapters(connection):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{version} is still loaded")


async def test_model_check_sees_the_prefix_cache_and_swaps_adapters(
    settings: ModelSettings,
) -> None:
    findings = {finding.name: finding for finding in await check_server(settings)}
    assert {name: finding.state for name, finding in findings.items()} == {
        "tokens": "ok", "prefix cache": "ok", "adapters": "ok",
    }  # fmt: skip
    assert findings["prefix cache"].figures["reused_tokens"] > 0
    assert findings["tokens"].figures["tokens_per_second"] > 0
