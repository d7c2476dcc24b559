"""An exported folder loads as a Hugging Face model, and its manifest is correct."""

import copy
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

from shared.prompting import prompt
from shared.prompting.prompt import PROMPT_VERSION
from shared.vlm.checkpoint.checkpoint import MANIFEST, file_hash
from tests.training import tiny_model
from training.ablation.table import Line
from training.evaluation.controls import CONTROLS
from training.nano.data.batches import encode, question
from training.nano.data.rows import Row
from training.nano.model.export import CARD, SERIES, WEIGHTS, export, facts
from training.nano.model.results import SPLITS, results, write_results
from training.nano.model.vision_tower import encode_images
from training.nano.train.checkpoint import load_weights
from training.nano.train.train_text import answer_loss
from training.statistics.interval import Interval, Share


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "nano"
    export(tiny_model.model(), tiny_model.tokenizer(), path, seed=5, training=facts("tiny"))
    return path


def test_the_manifest_names_every_file_with_its_hash(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    files = {file.name: file_hash(file) for file in folder.iterdir() if file.name != MANIFEST}
    assert manifest["sha256"] == files
    assert manifest["version"] == f"{SERIES}-{files[WEIGHTS][:8]}"
    assert (manifest["prompt_version"], manifest["seed"]) == (PROMPT_VERSION, 5)


def test_the_tokenizer_loads_with_the_same_ids_and_chat_template(folder: Path) -> None:
    loaded = AutoTokenizer.from_pretrained(folder)
    text = question(tiny_model.tokenizer(), Row(prompt.predict(liked=2, disliked=1), "", ()))
    assert question(loaded, Row(prompt.predict(liked=2, disliked=1), "", ())) == text
    assert loaded(text)["input_ids"] == tiny_model.tokenizer()(text)["input_ids"]
    assert loaded.get_vocab() == tiny_model.tokenizer().get_vocab()


def test_the_loaded_weights_encode_a_saved_image_as_in_training(folder: Path) -> None:
    loaded = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    pixels = tiny_model.pool().pixels[:1]
    image = Image.fromarray(np.asarray(pixels[0]))
    inputs = AutoImageProcessor.from_pretrained(folder)(images=[image], return_tensors="pt")
    with torch.no_grad():
        theirs = loaded.model.visual(inputs["pixel_values"], grid_thw=inputs["image_grid_thw"])
        ours = encode_images(tiny_model.model(), pixels)[0]
    assert torch.allclose(theirs.pooler_output, ours.float(), atol=0.05)


def test_the_library_computes_the_same_loss_as_the_training(folder: Path) -> None:
    loaded = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    row = Row(prompt.describe(), "Shows art style: mosaic", (0,))
    batch = encode(tiny_model.tokenizer(), [row], length=40)
    real = batch.ids[0] != tiny_model.tokenizer().pad_token_id
    image = Image.fromarray(np.asarray(tiny_model.pool().pixels[0]))
    inputs = AutoImageProcessor.from_pretrained(folder)(images=[image], return_tensors="pt")
    ids = batch.ids[:, real]
    with torch.no_grad():
        theirs = loaded(
            input_ids=ids,
            labels=batch.labels[:, real],
            mm_token_type_ids=(ids == loaded.config.image_token_id).int(),
            **inputs,
        ).loss
        tokens = tiny_model.image_tokens(tiny_model.model(), 1)[batch.images]
        ours, _, _ = answer_loss(tiny_model.model(), batch, tokens)
    assert theirs.item() == pytest.approx(ours.item(), abs=0.05)


def test_a_folder_that_is_too_large_gets_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="more than the 1,000 that may ship"):
        export(
            tiny_model.model(),
            tiny_model.tokenizer(),
            tmp_path,
            seed=5,
            training={},
            max_bytes=1000,
        )
    assert not (tmp_path / MANIFEST).exists()


def test_weights_are_loaded_from_a_released_folder(folder: Path) -> None:
    model = copy.deepcopy(tiny_model.model())
    with torch.no_grad():
        model.lm_head.weight.zero_()
    load_weights(folder, model)
    assert torch.allclose(
        model.lm_head.weight, tiny_model.model().lm_head.weight.float(), atol=0.01
    )


def measured(value: float) -> dict[str, float]:
    return asdict(Share(value, value - 0.02, value + 0.01, count=100, users=50))


def proof(version: str) -> dict[str, Any]:
    """The content of `proof.json`, with the same figures for every set."""
    metrics = {
        "users": 50,
        "accuracy": {
            condition: measured(share)
            for condition, share in {
                "predicted": 0.98,
                "user_blind": 0.5,
                "other_user": 0.48,
            }.items()
        },
        "profile": {"art style": measured(0.91), "color": measured(0.99)},
        "ndcg": measured(0.97),
        "faithful": measured(0.96),
        "calibration": {"error": 0.0414},
    }
    splits = dict.fromkeys([*SPLITS, "all"], metrics)
    described = {kind: {"color": measured(0.99)} for kind in ("drawings", "photographs")}
    return {"model_version": version, "seed": 7, "levels": {"hard": splits}, "described": described}


ABLATION = {
    "rows": [
        asdict(
            Line(
                row="sft",
                seeds=3,
                users=200,
                splits={"seen_sp": 0.7},
                mean=Interval(0.7, 0.6, 0.8),
                controls=dict.fromkeys(CONTROLS, Interval(0.5, 0.4, 0.6)),
                similarity=Interval(0.9, 0.8, 0.95),
                steps=32,
                people=128,
                processor_seconds=90,
            )
        )
    ]
}


def test_results_are_written_into_the_card_and_its_new_hash_into_the_manifest(
    folder: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "nano"
    shutil.copytree(folder, kept)
    for _ in range(2):  # the second time replaces the section
        write_results(kept, results(proof("nano-5-x"), None, ABLATION))
    card = (kept / CARD).read_text()
    assert card.count("pairs right (50 users)") == 1
    assert "| *hard*: control `other_user` | 0.480 (0.460-0.490) |" in card
    assert "| *hard*: profile words, worst element | 0.910 (0.890-0.920) |" in card
    assert "| color | 0.990 (0.970-1.000) | 0.990 (0.970-1.000) |" in card
    assert "200 *hard* users" in card
    sft = "| + SFT | 0.700 | 0.700 (0.600-0.800) | 0.500 (0.400-0.600) | 0.500 (0.400-0.600)"
    assert f"{sft} | 0.900 (0.800-0.950) | 200 | 3 | 32 | 128 | 1.5 |" in card
    assert card.startswith((folder / CARD).read_text())
    manifest = json.loads((kept / MANIFEST).read_text())
    assert manifest["sha256"][CARD] == file_hash(kept / CARD)
