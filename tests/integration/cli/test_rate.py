"""`preferstream rate` with the shipped model: it learns from stars, writes stars, and resumes."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from services.cli.files.rating.sidecar import OUR_RATING, RATING
from services.cli.files.rating.xmp_document import XmpDocument
from services.cli.program.app import app
from tests.unit.services.cli.rating.sidecars import sidecar

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]
RATED = 4


def drawing(path: Path, *, warm: bool, number: int) -> Path:
    """Warm drawings have vivid circles on red, the others gray lines on white."""
    image = Image.new("RGB", (160, 120), (220, 60, 30) if warm else (245, 245, 245))
    draw = ImageDraw.Draw(image)
    for step in range(6):
        left, top = 12 * step + 3 * number, (31 * step + 17 * number) % 80
        if warm:
            draw.ellipse((left, top, left + 40, top + 40), fill=(255, 200 - 20 * step, 0))
        else:
            draw.line((left, top, left + 60, top + 20), fill=(120, 120, 120), width=2)
    image.save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten drawings of each kind; four of each are rated, and one file is broken."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(10):
        for kind, stars in (("warm", 5), ("gray", 1)):
            path = drawing(photos / f"{kind}{number}.png", warm=kind == "warm", number=number)
            if number < RATED:
                path.with_name(path.name + ".xmp").write_bytes(sidecar("darktable", stars))
    (photos / "broken.jpg").write_bytes(b"no image")
    return photos


def test_stars_of_a_folder_follow_its_ratings_and_a_second_run_resumes(
    folder: Path, tmp_path: Path
) -> None:
    runner = CliRunner(env={"PREFERSTREAM_DATA_DIR": str(tmp_path / "data")})
    first = runner.invoke(app, ["rate", str(folder), "--xmp", "--json"])
    assert first.exit_code == 0, first.output
    result = json.loads(first.stdout)
    assert [s["file"] for s in result["skipped"]] == [str(folder / "broken.jpg")]
    new = [p for p in result["photographs"] if p["own_stars"] is None]
    assert len(new) == 12
    warm = [p["stars"] for p in new if "warm" in p["image"]]
    gray = [p["stars"] for p in new if "gray" in p["image"]]
    assert min(warm) >= max(gray)
    assert max(warm) > min(gray)
    for photograph in new:
        document = XmpDocument(Path(photograph["image"] + ".xmp").read_bytes())
        assert document.value(RATING) == document.value(OUR_RATING) == str(photograph["stars"])
    own = XmpDocument((folder / "gray0.png.xmp").read_bytes())
    assert (own.value(RATING), own.value(OUR_RATING)) == ("1", None)
    second = json.loads(runner.invoke(app, ["rate", str(folder), "--xmp", "--json"]).stdout)
    assert second["resumed"] == 20
    assert second["sidecars"] == {"sidecars": 0, "unchanged": 20, "failed": 0}


def test_a_folder_without_any_rating_says_what_to_do(tmp_path: Path) -> None:
    drawing(tmp_path / "a.png", warm=True, number=0)
    result = CliRunner().invoke(app, ["rate", str(tmp_path)])
    assert result.exit_code == 1
    assert "--likes" in result.stderr
