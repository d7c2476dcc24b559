"""The engine on the model that ships answers as the library does, alone or in a batch."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoTokenizer, Qwen2VLImageProcessorPil

from shared.domain.taste import ELEMENTS, Taste, TasteSide, WeightedWord
from shared.prompting import prompt
from shared.prompting import rationale as reason
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.engine.shared_prefix import MOST, WORTH_SHARING
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import Candidate, References, ScoredCandidate
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import sample_attributes

pytestmark = pytest.mark.model

FOLDER = shipped_folder()


@pytest.fixture(scope="module")
def engine() -> TransformersEngine:
    return TransformersEngine(FOLDER, device="cpu")


def picture(number: int, *, side: int = 84) -> Image.Image:
    drawn = np.random.default_rng(number).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(drawn).resize((side, side), Image.Resampling.NEAREST)


def side(**words: str) -> TasteSide:
    return TasteSide.model_validate(
        {e: tuple(WeightedWord(word=w, weight=1) for w in t.split()) for e, t in words.items()}
    )


TASTES = (
    Taste(preference=side(color="red blue", detail="fine"), non_preference=side(medium="oil")),
    Taste(preference=side(art_style="cubism")),
    Taste(),
)


def candidates(count: int) -> list[Candidate]:
    """Tastes of different lengths, so that a batch has to pad."""
    return [Candidate(TASTES[n % len(TASTES)], picture(n)) for n in range(count)]


def librarys_digits(candidate: Candidate) -> list[list[float]]:
    """The digits' probabilities at the five places, by the library's own parts, one image alone."""
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    model = AutoModelForImageTextToText.from_pretrained(FOLDER, dtype=torch.float32).eval()
    seen = Qwen2VLImageProcessorPil.from_pretrained(FOLDER)([candidate.image], return_tensors="pt")
    places = int(seen["image_grid_thw"].prod()) // 4
    question = tokenizer.apply_chat_template(
        prompt.score_for(candidate.taste).messages(), tokenize=False, add_generation_prompt=True
    ).replace("<|image_pad|>", "<|image_pad|>" * places)
    read = []
    for element in ELEMENTS:
        # What stands before this element's digit; the digits before it are held at two.
        whole = prompt.score_line(dict.fromkeys(ELEMENTS, 2))
        upto = whole[: whole.index(f"{element.label}: 2") + len(element.label) + 1]
        ids = tokenizer(question + upto, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.inference_mode():
            logits = model(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                mm_token_type_ids=(ids == model.config.image_token_id).int(),
                **seen,
            ).logits[0, -1]
        digits = [tokenizer(f" {d}", add_special_tokens=False)["input_ids"][0] for d in range(6)]
        read.append(logits[digits].softmax(-1).tolist())
    return read


def test_scores_are_those_of_an_independent_forward_of_the_library(
    engine: TransformersEngine,
) -> None:
    candidate = candidates(1)[0]
    (ours,) = engine.score([candidate])
    theirs = librarys_digits(candidate)
    for element, expected in zip(ELEMENTS, theirs, strict=True):
        assert ours.digits[element] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    "asked",
    [
        candidates(8),
        candidates(3 * WORTH_SHARING),
        [Candidate(TASTES[0], picture(n)) for n in range(MOST + 2)],
        [Candidate(TASTES[0], picture(n % 2)) for n in range(8)],
        [Candidate(TASTES[1], picture(n, side=84 + 40 * n)) for n in range(WORTH_SHARING)],
    ],
    ids=["few of each taste", "several of each", "more than a pass", "images again", "sizes"],
)
def test_a_batch_gives_what_each_alone_gives(
    engine: TransformersEngine, asked: list[Candidate]
) -> None:
    together = engine.score(asked)
    for candidate, batched in zip(asked, together, strict=True):
        (alone,) = engine.score([candidate])
        for element in ELEMENTS:
            assert batched.digits[element] == pytest.approx(alone.digits[element], abs=1e-4)
    different = {(id(one.taste), one.image.tobytes()) for one in asked}
    assert len({tuple(scores.digits.values()) for scores in together}) >= len(different)


@pytest.mark.parametrize(("images", "shared"), [(WORTH_SHARING - 1, False), (WORTH_SHARING, True)])
def test_a_taste_is_read_once_for_all_its_candidates(
    engine: TransformersEngine, images: int, shared: bool
) -> None:
    read: list[int] = []
    layer = engine.model.model.language_model.layers[0]
    hook = layer.register_forward_pre_hook(lambda _, told: read.append(told[0].shape[:2].numel()))
    engine.score([Candidate(TASTES[0], picture(0))])
    (alone,) = read
    engine.score([Candidate(TASTES[0], picture(n)) for n in range(images)])
    hook.remove()
    taste = read[1] if shared else 0
    assert sum(read[1:]) == images * (alone - taste) + taste
    assert taste == 0 or taste > alone / 4


def test_scores_are_distributions(engine: TransformersEngine) -> None:
    for scores in engine.score(candidates(3)):
        for element in ELEMENTS:
            assert len(scores.digits[element]) == 6
            assert sum(scores.digits[element]) == pytest.approx(1, abs=1e-5)
        assert 0 <= scores.total <= 25


def test_kept_reasons_agree_with_the_scores_they_were_asked_for(
    engine: TransformersEngine,
) -> None:
    asked = candidates(4)
    scored = [ScoredCandidate(c, s) for c, s in zip(asked, engine.score(asked), strict=True)]
    told = engine.explain(scored)
    for one, reasons in zip(scored, told, strict=True):
        for element, text in reasons.by_element.items():
            assert reason.agrees(text, one.scores.mode(element)), text
    kept = sum(len(reasons.by_element) for reasons in told)
    assert kept + sum(len(reasons.problems) for reasons in told) == 4 * len(ELEMENTS)
    assert kept >= 10


def drawings(count: int) -> tuple[Image.Image, ...]:
    """What nano was made for, and can tell every element of."""
    rng = np.random.default_rng(5)
    shown = sample_attributes(rng, count)
    return tuple(as_image(one) for one in render(draw_scenes(rng, count), shown, rng))


def test_predictions_and_descriptions_are_whole(engine: TransformersEngine) -> None:
    images = drawings(4)
    asked = [References(images[:2], images[2:]), References(images[:1], images[1:2])]
    for predicted in engine.predict(asked):
        assert predicted.problems == ()
        assert set(predicted.likes) == set(predicted.dislikes) == set(ELEMENTS)
    for described in engine.describe(images):
        assert described.problems == ()
        assert set(described.words) == set(ELEMENTS)
        assert all(described.words.values())


def test_nothing_asked_is_nothing_answered(engine: TransformersEngine) -> None:
    assert (engine.predict([]), engine.describe([]), engine.score([]), engine.explain([])) == (
        [], [], [], []
    )  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The model that ships without its manifest, as a checkpoint from elsewhere comes."""
    return shutil.copytree(
        FOLDER, tmp_path / "copied", ignore=shutil.ignore_patterns("manifest.json")
    )


def cut_weights(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1_000])


def no_weights_at_all(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"not weights")


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")


def broken_preprocessor(folder: Path) -> None:
    (folder / "preprocessor_config.json").write_text("{")


def tokenizer_without_the_images_token(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        file = folder / name
        file.write_text(file.read_text().replace("<|image_pad|>", "<|other|>"))


def tokenizer_with_other_ids(folder: Path) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config["image_token_id"] = config["image_token_id"] + 40
    file.write_text(json.dumps(config))


@pytest.mark.parametrize(
    "spoil",
    [
        cut_weights,
        no_weights_at_all,
        broken_tokenizer,
        broken_preprocessor,
        tokenizer_without_the_images_token,
        tokenizer_with_other_ids,
    ],
)
def test_a_spoilt_checkpoint_is_refused_with_its_folder(
    copied: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(copied)
    with pytest.raises(BadCheckpoint, match="copied"):
        TransformersEngine(copied, device="cpu")
