"""Benchmarks are read in their released layout; every error names the file and the item."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from training.evaluation.benchmark.items import BadBenchmark, Benchmark
from training.evaluation.benchmark.reader import read_benchmark, split_name

NAMES = ("a.png", "b.png", *(f"l{k}.png" for k in range(7)), *(f"d{k}.png" for k in range(7)))
Row = dict[str, Any]


def row(**changed: Any) -> Row:
    return {
        "imageA": "a.png",
        "imageB": "b.png",
        "prefered_images": [f"l{k}.png" for k in range(7)],
        "non_prefered_images": [f"d{k}.png" for k in range(7)],
        "conversations": [{"from": "gpt", "value": "Image B"}],
    } | changed


def write(folder: Path, *rows: Any, name: str = "TEST_SP_ID") -> Path:
    images = folder / "data" / name / "images"
    images.mkdir(parents=True)
    for number, image in enumerate(NAMES):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(images / image)
    file = images.parent / f"{name}.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file


def read(path: Path, *, references: int = 5, limit: int | None = None) -> Benchmark:
    return read_benchmark(path, references=references, limit=limit)


def test_the_first_five_references_of_a_side_are_used(tmp_path: Path) -> None:
    (item,) = read(write(tmp_path, row())).splits["seen_sp"]
    assert [path.name for path in item.liked] == [f"l{k}.png" for k in range(5)]
    assert [path.name for path in item.disliked] == [f"d{k}.png" for k in range(5)]
    assert (item.image_a.name, item.image_b.name, item.preferred) == ("a.png", "b.png", "B")
    assert item.place == "TEST_SP_ID.json[0]"


def test_a_folder_is_every_set_below_data(tmp_path: Path) -> None:
    for name in ("TEST_MP_OD", "PICKAPIC"):
        write(tmp_path, row(), name=name)
    assert set(read(tmp_path).splits) == {"unseen_mp", "pickapic"}
    assert set(read(tmp_path / "data").splits) == {"unseen_mp", "pickapic"}
    assert set(read(tmp_path / "data" / "PICKAPIC").splits) == {"pickapic"}


@pytest.mark.parametrize(
    ("stem", "split"),
    [
        ("SP_ID", "seen_sp"), ("TEST_MP_ID", "seen_mp"), ("SP_OD", "unseen_sp"),
        ("TEST_MP_OD", "unseen_mp"), ("SEEN_SP", "seen_sp"), ("UNSEEN_MP", "unseen_mp"),
        ("mp-ood", "unseen_mp"), ("TEST_PICKAPIC", "pickapic"), ("my set", "my_set"),
    ],
)  # fmt: skip
def test_the_name_of_a_set_gives_its_split(stem: str, split: str) -> None:
    assert split_name(stem) == split


def test_the_limit_takes_the_first_items(tmp_path: Path) -> None:
    file = write(tmp_path, *(row(user_id=f"u{n}") for n in range(4)))
    assert [item.user for item in read(file, limit=2).splits["seen_sp"]] == [
        "TEST_SP_ID/u0",
        "TEST_SP_ID/u1",
    ]


def test_items_with_the_same_references_belong_to_one_user(tmp_path: Path) -> None:
    other = row(prefered_images=["l6.png"])
    items = read(write(tmp_path, row(), row(imageA="b.png", imageB="a.png"), other))
    first, second, third = items.splits["seen_sp"]
    assert first.user == second.user != third.user


def test_the_answer_of_a_training_row_is_read(tmp_path: Path) -> None:
    turns = [{"value": "Which one?"}, {"value": "<answer>Image A</answer>"}]
    (item,) = read(write(tmp_path, row(conversations=turns))).splits["seen_sp"]
    assert item.preferred == "A"


def test_unknown_keys_are_reported(tmp_path: Path) -> None:
    benchmark = read(write(tmp_path, row(user_id=3, mood="calm", shows={})))
    assert benchmark.unknown_keys == ("mood",)


def test_missing_images_are_counted_and_named(tmp_path: Path) -> None:
    rows = (row(), row(imageA="gone.png"), row(prefered_images=["gone.png"]))
    benchmark = read(write(tmp_path, *rows))
    assert len(benchmark.splits["seen_sp"]) == 1
    assert benchmark.left_out == {"missing_image": 2}
    assert "TEST_SP_ID.json[1]" in benchmark.complaints[0]
    assert "gone.png is missing" in benchmark.complaints[0]


def test_an_item_without_references_is_counted(tmp_path: Path) -> None:
    rows = (row(), row(prefered_images=[], non_prefered_images=[]))
    assert read(write(tmp_path, *rows)).left_out == {"no_references": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("imageA"), "imageA: Field required; it has conversations, imageB"),
        (lambda r: r.update(preferred_images=r.pop("prefered_images")), "with one r"),
        (lambda r: r.update(imageB=7), "imageB: Input should be a valid string"),
        (lambda r: r.update(imageB=""), "imageB: String should have at least 1 character"),
        (lambda r: r.update(prefered_images="l0.png"), "prefered_images: Input should be a valid"),
        (lambda r: r.update(prefered_images=[None]), "prefered_images.0"),
        (lambda r: r.update(conversations=[]), "conversations: List should have at least 1"),
        (lambda r: r.update(conversations=[{}]), "conversations.0.value: Field required"),
        (lambda r: r.update(conversations=[{"value": "image C"}]), "is 'image C'; expected"),
        (lambda r: r.update(imageA="../../secret.png"), "is not in"),
        (lambda r: r.update(imageA="/etc/hostname"), "is not in"),
    ],
)
def test_a_broken_item_is_named(tmp_path: Path, change: Callable[[Row], Any], message: str) -> None:
    broken = row()
    change(broken)
    with pytest.raises(BadBenchmark) as error:
        read(write(tmp_path, row(), broken))
    assert "TEST_SP_ID.json[1]" in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("other", [None, 3, "text", []])
def test_an_item_that_is_not_an_object_is_named(tmp_path: Path, other: Any) -> None:
    with pytest.raises(BadBenchmark, match=r"TEST_SP_ID\.json\[0\]"):
        read(write(tmp_path, other))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"imageA": "a.png",', "is not JSON from line 1, column"),
        ("", "is not JSON from line 1, column 1"),
        ("{}", "holds a dict; expected a list"),
        ("[]", "the file is empty"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, row())
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadBenchmark) as error:
        read(file)
    assert "TEST_SP_ID.json" in str(error.value)
    assert message in str(error.value)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, row())
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadBenchmark, match="cannot be read"):
        read(file)


def test_a_set_without_any_image_is_an_error(tmp_path: Path) -> None:
    file = write(tmp_path, row(), row())
    for image in (file.parent / "images").iterdir():
        image.unlink()
    with pytest.raises(BadBenchmark, match=r"no item of .* is missing"):
        read(file)


def test_a_folder_without_a_set_names_the_expected_layout(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("[]")
    with pytest.raises(BadBenchmark, match="expected data/<SET>/<SET>"):
        read(tmp_path)


def test_two_sets_of_one_split_are_an_error(tmp_path: Path) -> None:
    for name in ("SP_ID", "SEEN_SP"):
        write(tmp_path, row(), name=name)
    with pytest.raises(BadBenchmark, match="two sets for seen_sp"):
        read(tmp_path)


def test_the_checksum_covers_the_sets_and_the_images(tmp_path: Path) -> None:
    first, second = read(write(tmp_path / "1", row())), read(write(tmp_path / "2", row()))
    assert first.checksum == second.checksum
    image = tmp_path / "2" / "data" / "TEST_SP_ID" / "images" / "a.png"
    Image.new("RGB", (4, 4), "white").save(image)
    assert read(tmp_path / "2").checksum != first.checksum


def test_a_changed_frozen_benchmark_is_an_error(tmp_path: Path) -> None:
    file = write(tmp_path, row())
    (tmp_path / "checksum.txt").write_text(read(tmp_path).checksum + "\n")
    assert read(tmp_path).splits["seen_sp"]
    file.write_text(json.dumps([row(imageA="b.png", imageB="a.png")]))
    with pytest.raises(BadBenchmark, match=r"not those that checksum\.txt was written for"):
        read(tmp_path)
