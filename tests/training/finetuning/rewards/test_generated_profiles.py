"""The prediction reward can compare profiles in any words through a text-to-image server."""

import base64
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.text_to_image.settings import GenerationSettings
from tests.fakes.image_generator import ImageGenerator
from tests.support.event_loop_thread import in_thread
from tests.training.finetuning import tiny_runs
from training.finetuning.grpo.generated_profiles import PAUSE_SECONDS, GeneratedProfiles
from training.finetuning.grpo.image_term import image_term
from training.finetuning.run.config import BadConfig

SEPIA = {Element.COLOR: ("sepia",), Element.MEDIUM: ("woodcut",)}
NEON = {Element.COLOR: ("neon",), Element.MEDIUM: ("photograph",)}


class ByWords(ImageGenerator):
    """Draws noise whose color and texture depend on the prompt alone."""

    def image(self, prompt: str, number: int) -> str:
        rng = np.random.default_rng([*prompt.encode()])
        blocks = rng.integers(0, 256, (4, 4, 3), np.uint8)
        buffer = BytesIO()
        Image.fromarray(blocks).resize((96, 96), Image.Resampling.NEAREST).save(buffer, "PNG")
        return base64.b64encode(buffer.getvalue()).decode("ascii")


class NoEncoder:
    def encode(self, texts: object) -> None:
        raise AssertionError("words are not compared here")


@pytest.fixture
def generator() -> Iterator[ByWords]:
    with in_thread(ByWords().running()) as started:
        assert isinstance(started, ByWords)
        yield started


def renderer(generator: ByWords, folder: Path, clock: list[float]) -> GeneratedProfiles:
    settings = GenerationSettings(image_generator=generator.address)
    return GeneratedProfiles(settings, folder, clock=lambda: clock[0])


def test_each_profile_is_drawn_once_and_kept(generator: ByWords, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = renderer(generator, folder, [0.0]).render([SEPIA, NEON, SEPIA, {}])
    assert first[3] is None, "a side without words"
    assert first[0] is not None
    assert first[1] is not None
    assert first[0].tobytes() == first[2].tobytes() != first[1].tobytes()  # type: ignore[union-attr]
    assert len(generator.requests) == 2
    assert "sepia" in generator.requests[0]["prompt"]
    again = renderer(generator, folder, [0.0]).render([SEPIA])
    assert again[0].tobytes() == first[0].tobytes()  # type: ignore[union-attr]
    assert len(generator.requests) == 2, "a resumed run draws nothing again"


@pytest.mark.parametrize(
    "fault",
    [
        web.Response(status=503),
        web.json_response({"data": [{"b64_json": base64.b64encode(b"no image").decode()}]}),
    ],
)
def test_after_a_fault_no_image_is_requested_for_a_while(
    generator: ByWords, tmp_path: Path, fault: web.Response
) -> None:
    clock = [0.0]
    generator.response = fault
    drawn = renderer(generator, tmp_path / "kept", clock)
    assert drawn.render([SEPIA, NEON]) == [None, None]
    assert len(generator.requests) == 1
    clock[0] = PAUSE_SECONDS
    assert drawn.render([SEPIA])[0] is not None


def test_the_image_term_uses_the_server_of_the_setting(
    generator: ByWords, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_runs.grpo_config(
        tmp_path, tmp_path / "run", image_similarity="features", image_renderer="server"
    )
    with pytest.raises(BadConfig, match="PREFERSTREAM_IMAGE_GENERATOR is not set"):
        image_term(config, NoEncoder())  # type: ignore[arg-type]
    monkeypatch.setenv("PREFERSTREAM_IMAGE_GENERATOR", generator.address)
    term = image_term(config, NoEncoder())  # type: ignore[arg-type]
    assert term is not None
    same, other = term.side(SEPIA, SEPIA), term.side(NEON, SEPIA)
    assert same == pytest.approx(1)
    assert other is not None
    assert other < 0.6
    nonsense = dict.fromkeys(ELEMENTS, ("zxqv",))
    assert term.side(nonsense, SEPIA) is not None, "any word can be drawn"


def test_a_server_that_draws_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFERSTREAM_IMAGE_GENERATOR", "http://127.0.0.1:9")
    config = tiny_runs.grpo_config(
        tmp_path, tmp_path / "run", image_similarity="features", image_renderer="server"
    )
    with pytest.raises(BadConfig, match=r"127\.0\.0\.1:9 draws no image"):
        image_term(config, NoEncoder())  # type: ignore[arg-type]
