"""Only files below an allowed folder and images inside `data:` addresses are read."""

import base64
import os
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from shared.domain.errors import Unprocessable
from shared.images.data_source import read_data
from shared.images.decoding.decoder import decode
from shared.images.file_source import read_file
from shared.images.settings import ImageSettings
from tests.support.folder_names import NAMES
from tests.unit.shared.images.bad_images import PNG

MAX_BYTES = len(PNG)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An allowed folder with one image, and entries of many kinds that must not be read."""
    folder = tmp_path / "allowed"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(PNG)
    (tmp_path / "allowed-too").mkdir()
    (tmp_path / "allowed-too" / "a.png").write_bytes(PNG)
    (folder / "a b.png").write_bytes(PNG)
    (folder / "large.png").write_bytes(PNG + b"\0")
    (folder / "folder").mkdir()
    (folder / "link_out.png").symlink_to(tmp_path / "outside.png")
    (folder / "link_in.png").symlink_to(folder / "a b.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    os.mkfifo(folder / "pipe.png")
    return folder


@pytest.mark.parametrize(
    "uri",
    [
        "file://{root}/a%20b.png",
        "file://localhost{root}/a%20b.png",
        "FILE:{root}/a%20b.png",
        "file://{root}/link_in.png",
        "file://{root}/folder/../a%20b.png",
    ],
)
def test_a_file_below_an_allowed_folder_is_read(uri: str, root: Path) -> None:
    assert read_file(uri.format(root=root), roots=[root], max_bytes=MAX_BYTES) == PNG


@pytest.mark.parametrize(
    ("uri", "reason", "message"),
    [
        ("file:///etc/passwd", "file_not_allowed", "PREFERSTREAM_ALLOWED_FILE_ROOTS"),
        ("file://{root}/../outside.png", "file_not_allowed", "outside.png"),
        ("file://{root}/%2e%2e/outside.png", "file_not_allowed", "allowed folder"),
        ("file://{root}/link_out.png", "file_not_allowed", "link_out.png"),
        ("file://{root}-too/a.png", "file_not_allowed", "allowed-too"),
        ("file://{root}/../no-such.png", "file_not_allowed", "no-such.png"),
        ("file://{root}/missing.png", "no_such_file", "missing.png"),
        ("file://{root}/folder", "not_a_file", "folder"),
        ("file://{root}/pipe.png", "not_a_file", "not an ordinary file"),
        ("file://{root}/loop.png", "unreadable_file", "loop.png"),
        ("file://{root}/{long}.png", "unreadable_file", "cannot be read"),
        ("file://{root}/large.png", "too_many_bytes", "large.png"),
        ("file://other.example{root}/a.png", "bad_uri", "another host"),
        ("file:a.png", "bad_uri", "file:///folder/name"),
        ("file:", "bad_uri", "file:///folder/name"),
        ("file:///a%00b.png", "bad_uri", "absolute path"),
        ("file:///%ff.png", "bad_uri", "file address"),
        ("file:///\ud800.png", "bad_uri", "file address"),
        ("file://[/a.png", "bad_uri", "file address"),
    ],
)
def test_any_other_file_is_refused(uri: str, reason: str, message: str, root: Path) -> None:
    uri = uri.format(root=root, long="x" * 300)
    with pytest.raises(Unprocessable) as refused:
        read_file(uri, roots=[root], max_bytes=MAX_BYTES)
    assert refused.value.reason == reason
    assert message in refused.value.detail


def test_without_an_allowed_folder_no_file_is_read(root: Path) -> None:
    with pytest.raises(Unprocessable, match=r"file_not_allowed.*none is allowed"):
        read_file(f"file://{root}/a%20b.png", roots=[], max_bytes=MAX_BYTES)


def data_uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "uri",
    [
        data_uri(PNG),
        data_uri(PNG).replace("data:image/png", "DATA:Image/PNG"),
        data_uri(PNG).replace("+", "%2B").replace("/", "%2F").replace("image%2Fpng", "image/png"),
        data_uri(PNG).replace(";base64", ";name=a.png;base64"),
        data_uri(PNG).replace(";base64", ";charset=utf-8;BASE64"),
        data_uri(PNG).replace(";base64", "; base64 "),
        data_uri(PNG).replace(";base64", ";base64;charset=utf-8"),
        data_uri(PNG).replace("image/png", ""),
        data_uri(PNG).replace("image/png", "application/octet-stream"),
        data_uri(PNG).replace("image/png", "image/jpg"),
        "data:image/png;base64," + base64.encodebytes(PNG).decode(),
        "data:image/png;base64," + base64.encodebytes(PNG).decode().replace("\n", "\r\n"),
        "data:image/png;base64," + base64.encodebytes(PNG).decode().replace("\n", "%0D%0A"),
        "data:image/png;base64,\t \f" + base64.b64encode(PNG).decode().replace("A", " A"),
        "data:image/png;base64," + base64.urlsafe_b64encode(PNG).decode(),
        data_uri(PNG).rstrip("="),
        data_uri(PNG) + "=",
        data_uri(PNG).replace("=", "%3D"),
        data_uri(PNG) + "#fragment",
        "data:image/png," + quote_from_bytes(PNG),
        "data:image/png;charset=utf-8," + quote_from_bytes(PNG, safe=""),
    ],
    ids=[
        *("plain", "capitals", "escaped", "with a parameter", "with a charset", "spaced mark"),
        *("parameter after the mark", "no type", "another type", "wrong name of a type"),
        *("lines of 76", "lines of 76 with CRLF", "escaped line breaks", "spaces", "for addresses"),
        *("no padding", "too much padding", "escaped padding", "fragment", "escaped bytes"),
        "escaped bytes with a charset",
    ],
)
def test_an_image_inside_its_address_is_read(uri: str) -> None:
    assert read_data(uri, max_bytes=MAX_BYTES) == PNG


@pytest.mark.parametrize(
    ("uri", "reason", "message"),
    [
        ("data:image/png;base64,not base64!", "bad_data_uri", "not base64"),
        ("data:image/png;base64,AAAA!AAA", "bad_data_uri", "'!' at character 5"),
        ("data:image/png;base64,AA=AAAAA", "bad_data_uri", "'=' at character 3"),
        ("data:image/png;base64,AAéA", "bad_data_uri", "'é' at character 3"),
        ("data:image/png;base64,AA%2", "bad_data_uri", "'%' at character 3"),
        ("data:image/png;base64,AAAAA", "bad_data_uri", "cut off"),
        ("data:image/png;base64,\ud800", "bad_data_uri", "not base64"),
        ("data:image/png;base64,AA%\ud800", "bad_data_uri", "not base64"),
        ("data:image/png;base64", "bad_data_uri", "of the form"),
        ("data:", "bad_data_uri", "of the form"),
        (data_uri(PNG + b"\0"), "too_many_bytes", "smaller rendition"),
        (data_uri(PNG * 9), "too_many_bytes", "characters)"),
    ],
)
def test_any_other_data_address_is_refused_and_not_repeated(
    uri: str, reason: str, message: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_data(uri, max_bytes=MAX_BYTES)
    assert refused.value.reason == reason
    assert message in refused.value.detail
    assert len(refused.value.detail) < 200


def test_bytes_that_are_no_image_are_named_by_the_decoder() -> None:
    page = read_data("data:text/html,%3Chtml%3EHello", max_bytes=MAX_BYTES)
    with pytest.raises(Unprocessable, match="is an HTML page"):
        decode(page, "data:text/html", ImageSettings())


@pytest.mark.parametrize("name", [name for name in NAMES if len(name) < 250])
def test_a_file_and_a_root_of_any_name_are_read_by_their_address(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    file = folder / f"{name}.png"
    file.write_bytes(PNG)
    assert read_file(file.as_uri(), roots=[folder], max_bytes=MAX_BYTES) == PNG
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("end", ["?size=2", "#top"])
def test_a_query_or_fragment_is_not_cut_off_silently(root: Path, end: str) -> None:
    with pytest.raises(Unprocessable, match=r"%3F and a number sign as %23") as failure:
        read_file(f"{(root / 'a b.png').as_uri()}{end}", roots=[root], max_bytes=MAX_BYTES)
    assert failure.value.reason == "bad_uri"
