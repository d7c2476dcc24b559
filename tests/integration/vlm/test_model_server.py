"""The engine at a real vLLM server: the scores of the one in process, and its adapters."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from safetensors.numpy import load_file, save_file

from services.retrain.registry.folders import ModelFolders, NewVersion
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.checkpoint.model_package import ModelPackage, release
from shared.vlm.checkpoint.promoted_model import InProcessLoader
from shared.vlm.factory import open_model
from shared.vlm.protocol import References, ScoredCandidate
from shared.vlm.server.adapters import loaded_adapters
from shared.vlm.server.connection import Connection
from shared.vlm.server.loading import ServerLoader
from shared.vlm.settings import ModelSettings
from tests.adapters import write_adapter
from tests.contract.vlm.engines import candidates, picture
from tests.vllm_fixtures import RunningServer, needs_vllm

pytestmark = [pytest.mark.model, pytest.mark.vllm, needs_vllm, pytest.mark.timeout(1200)]
RELEASE = release(None)
CLOSE = 1e-3
"""Probabilities; measured: 1e-5. Both compute in single precision, in another order."""


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
    async with Connection(settings) as made:
        yield made


@pytest.fixture(scope="module")
def here() -> Iterator[InProcessLoader]:
    made = InProcessLoader(ModelSettings(model_device="cpu"))
    yield made
    made.close()


@pytest.fixture
def adapter(tmp_path: Path) -> ModelPackage:
    return kept(tmp_path, write_adapter(tmp_path / "adapter", seed=3, strength=0.1))


def kept(root: Path, folder: Path) -> ModelPackage:
    version = f"served-{uuid4().hex[:8]}"
    new = NewVersion(
        version, "adapter", RELEASE.name, datetime.now(UTC), base_version=RELEASE.version
    )
    return ModelFolders(root / "models", RELEASE).add(folder, new)


async def test_all_answers_are_those_of_the_engine_in_process(
    server: ServerLoader, here: InProcessLoader
) -> None:
    ours, theirs = here.load_release(), server.load_release()
    asked = candidates(12)
    expected, found = await ours.score(asked), await theirs.score(asked)
    for one, other in zip(expected, found, strict=True):
        for element in ELEMENTS:
            assert other.digits[element] == pytest.approx(one.digits[element], abs=CLOSE)
    scored = [ScoredCandidate(c, s) for c, s in zip(asked[:5], expected, strict=False)]
    assert await theirs.explain(scored) == await ours.explain(scored)
    images = tuple(picture(n) for n in range(6))
    assert await theirs.describe(images) == await ours.describe(images)
    references = [References(images[:3], images[3:])]
    assert await theirs.predict(references) == await ours.predict(references)


async def test_an_adapters_scores_are_those_of_the_adapter_merged_in_process(
    server: ServerLoader, here: InProcessLoader, adapter: ModelPackage
) -> None:
    uri = adapter.folder.as_uri()
    ours = await asyncio.to_thread(here.load, uri=uri, sha256=adapter.sha256)
    theirs = await asyncio.to_thread(server.load, uri=uri, sha256=adapter.sha256)
    asked = candidates(6)
    base = await server.load_release().score(asked)
    expected, found = await ours.score(asked), await theirs.score(asked)
    for one, other in zip(expected, found, strict=True):
        for element in ELEMENTS:
            assert other.digits[element] == pytest.approx(one.digits[element], abs=CLOSE)
    assert max(abs(a.total - b.total) for a, b in zip(found, base, strict=True)) > 0.1


async def test_an_adapter_goes_with_the_last_model_that_needs_it(
    server: ServerLoader, connection: Connection, adapter: ModelPackage
) -> None:
    uri = adapter.folder.as_uri()
    first = await asyncio.to_thread(server.load, uri=uri, sha256=adapter.sha256)
    second = await asyncio.to_thread(server.load, uri=uri, sha256=adapter.sha256)
    assert (await loaded_adapters(connection))[adapter.version] == str(adapter.folder.resolve())
    asked = asyncio.create_task(first.score(candidates(4)))
    await asyncio.sleep(0)
    del first
    assert len(await asked) == 4
    assert adapter.version in await loaded_adapters(connection)
    del second, asked
    gc.collect()
    await until_gone(connection, adapter.version)


async def test_an_adapter_that_another_instance_sent_away_is_loaded_anew(
    server: ServerLoader, connection: Connection, adapter: ModelPackage
) -> None:
    model = await asyncio.to_thread(server.load, uri=adapter.folder.as_uri(), sha256=adapter.sha256)
    before = await model.score(candidates(2))
    await connection.post("v1/unload_lora_adapter", {"lora_name": adapter.version})
    after = await model.score(candidates(2))
    assert [s.total for s in after] == pytest.approx([s.total for s in before], abs=CLOSE)
    assert adapter.version in await loaded_adapters(connection)


async def test_a_version_that_the_server_has_from_another_folder_is_refused(
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
    found = kept(tmp_path, folder)
    with pytest.raises(BadCheckpoint, match="changes the language model alone"):
        await asyncio.to_thread(server.load, uri=found.folder.as_uri(), sha256=found.sha256)


async def test_an_adapter_that_the_server_cannot_take_is_refused_with_its_reason(
    server: ServerLoader, tmp_path: Path
) -> None:
    folder = write_adapter(tmp_path / "adapter", seed=6)
    config = (folder / "adapter_config.json").read_text()
    (folder / "adapter_config.json").write_text(config.replace('"r": 4', '"r": 512'))
    found = kept(tmp_path, folder)
    with pytest.raises(BadCheckpoint, match="rank"):
        await asyncio.to_thread(server.load, uri=found.folder.as_uri(), sha256=found.sha256)


async def test_a_whole_checkpoint_is_refused_with_what_to_do(
    server: ServerLoader, tmp_path: Path
) -> None:
    new = NewVersion("whole-2", "checkpoint", RELEASE.name, datetime.now(UTC))
    whole = ModelFolders(tmp_path / "models", RELEASE).add(RELEASE.folder, new)
    with pytest.raises(BadCheckpoint, match="start a server with it"):
        await asyncio.to_thread(server.load, uri=whole.folder.as_uri(), sha256=whole.sha256)


async def test_more_images_than_the_server_takes_are_never_answered(server: ServerLoader) -> None:
    images = tuple(picture(n) for n in range(20))
    with pytest.raises(Unprocessable, match="model_refused"):
        await server.load_release().predict([References(images, ())])


async def test_a_wrong_key_says_which_setting_to_correct_and_not_the_key(
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
