"""Users of real pictures: their pictures come from the sources, and no picture is used twice."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.cli.demo.real_users import (
    NEW,
    REFERENCES,
    mean_chroma,
    real_users,
    write_scenario,
)
from shared.images.packaged.pictures import PackagePicture
from shared.images.packaged.sources import Kind

COUNTS: tuple[tuple[Kind, str, int], ...] = (
    ("photograph", "city", 49), ("photograph", "animal", 12), ("photograph", "temple", 1),
    ("game art", "creature", 12), ("game art", "thing", 12), ("game art", "rock", 12),
    ("screenshot", "chart", 12),
)  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> list[PackagePicture]:
    created = []
    for kind, subject, count in COUNTS:
        for number in range(count):
            path = tmp_path / f"{subject}-{number}.png"
            path.write_bytes(path.stem.encode())
            created.append(PackagePicture(path.stem, path.stem, kind, subject, "shop", path))
    return created


def colorfulness(pictures: Sequence[PackagePicture]) -> dict[str, float]:
    """A city is as colorful as its number."""
    return {p.name: float(p.name.split("-")[1]) for p in pictures if p.subject == "city"}


def test_each_user_has_references_and_new_pictures_with_a_known_truth(
    pictures: list[PackagePicture], tmp_path: Path
) -> None:
    users = real_users(pictures, colorfulness(pictures))
    assert [user.name for user in users] == ["cities", "creatures", "colorful", "game-art"]
    used: list[str] = []
    for user in users:
        scenario = write_scenario(user, tmp_path / user.name, seed=7)
        assert (len(scenario.liked), len(scenario.disliked)) == (REFERENCES, REFERENCES)
        assert len(scenario.wanted) == len(scenario.unwanted) == NEW
        assert {path.name for path in scenario.slate} == scenario.wanted | scenario.unwanted
        assert all(path.read_bytes() == path.name.encode() for path in scenario.files)
        used += [path.name for path in scenario.files]
    assert len(set(used)) == len(used) == 4 * 2 * (REFERENCES + NEW)


def test_the_truth_is_the_subject_the_kind_or_the_measured_color(
    pictures: list[PackagePicture],
) -> None:
    users = {user.name: user for user in real_users(pictures, colorfulness(pictures))}
    assert {p.subject for p in users["cities"].unwanted} == {"animal"}
    assert {p.subject for p in users["creatures"].wanted} == {"creature"}
    assert {p.kind for p in users["game-art"].unwanted} == {"screenshot"}
    vivid, muted = (
        [colorfulness([p])[p.name] for p in side]
        for side in (users["colorful"].wanted, users["colorful"].unwanted)
    )
    assert min(vivid) > max(muted)


def test_another_seed_shows_other_pictures(pictures: list[PackagePicture], tmp_path: Path) -> None:
    user = real_users(pictures, colorfulness(pictures))[0]
    first, again, other = (
        [path.name for path in write_scenario(user, tmp_path / f"{n}", seed=seed).files]
        for n, seed in enumerate((7, 7, 8))
    )
    assert first == again != other


def test_a_user_without_enough_pictures_is_left_out(pictures: list[PackagePicture]) -> None:
    few = [p for p in pictures if p.subject != "city"]
    assert [user.name for user in real_users(few, {})] == ["creatures", "game-art"]
    assert real_users([], {}) == []


def test_chroma_is_zero_for_gray_and_large_for_a_pure_color() -> None:
    gray = Image.fromarray(np.full((8, 8, 3), 128, np.uint8))
    red = Image.fromarray(np.full((8, 8, 3), (255, 0, 0), np.uint8))
    assert mean_chroma(gray) < 1
    assert mean_chroma(red) > 80
