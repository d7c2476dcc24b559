"""`preferstream imagine` prints prompts in a user's taste, and draws and assesses images."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from services.cli.demo.image_files import DemoFiles
from shared.client import Client
from tests.e2e.pictures import story_files
from tests.e2e.system import System, preferstream
from tests.fakes.image_generator import ImageGenerator
from tests.support.event_loop_thread import in_thread

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(300)]
USER = "imagine-ada"


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "imagine")


@pytest.fixture(scope="module")
def profiled(system: System, files: DemoFiles) -> System:
    def likes() -> None:
        for path in files.liked:
            app.act(USER, "reference_like", path.name, uri=path.as_uri())
        for path in files.disliked:
            app.act(USER, "reference_dislike", path.name, uri=path.as_uri())

    counts = (len(files.liked), len(files.disliked))
    with Client(system.kafka) as app:
        app.profile_when(
            USER, lambda p: (p.evidence.liked, p.evidence.disliked) == counts, after=likes,
            seconds=120,
        )  # fmt: skip
    return system


@pytest.fixture(scope="module")
def generator() -> Iterator[ImageGenerator]:
    with in_thread(ImageGenerator().running()) as started:
        yield started


def test_without_a_server_the_prompts_are_printed(profiled: System) -> None:
    with Client(profiled.kafka) as app:
        profile = app.profile(USER)
    assert profile is not None
    shown = preferstream("imagine", USER, "a harbor", "--json", data_dir=profiled.data_dir)
    assert shown.returncode == 0, shown.stderr
    printed = json.loads(shown.stdout)
    assert printed["prompt"].startswith("a harbor, ")
    assert profile.preference.color[0].word in printed["prompt"]
    assert profile.non_preference.color[0].word in printed["negative_prompt"]
    assert printed["images"] == []


def test_drawn_images_are_written_and_assessed(
    profiled: System, generator: ImageGenerator, tmp_path: Path
) -> None:
    arguments = ["imagine", USER, "a harbor", "--count", "2", "--out", str(tmp_path)]
    address = generator.address
    shown = preferstream(
        *arguments, "--json", data_dir=profiled.data_dir, PREFERSTREAM_IMAGE_GENERATOR=address
    )
    assert shown.returncode == 0, shown.stderr
    images = json.loads(shown.stdout)["images"]
    assert len(images) == 2
    for image in images:
        with Image.open(image["file"]) as drawn:
            assert drawn.size == (48, 48)
        assert 0 <= image["assessment"]["score"] <= 25
    as_text = preferstream(
        *arguments, data_dir=profiled.data_dir, PREFERSTREAM_IMAGE_GENERATOR=address
    )
    assert "of 25" in as_text.stdout


def test_each_fault_ends_with_one_sentence(profiled: System, generator: ImageGenerator) -> None:
    nobody = preferstream("imagine", "nobody", "a harbor", data_dir=profiled.data_dir)
    assert nobody.returncode == 1
    assert "nobody has no profile yet" in nobody.stderr
    away = preferstream(
        "imagine", USER, "a harbor", data_dir=profiled.data_dir,
        PREFERSTREAM_IMAGE_GENERATOR="http://127.0.0.1:9",
    )  # fmt: skip
    assert away.returncode == 1
    assert "cannot be reached" in away.stderr
    assert "Traceback" not in nobody.stderr + away.stderr
