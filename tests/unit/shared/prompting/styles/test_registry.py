"""Each folder of styles is one style; a style with a template is versioned by it."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.prompting import styles
from shared.prompting.styles.protocol import BadPromptTemplate
from shared.prompting.styles.registry import UnknownPromptStyle, prompt_style, style_names
from shared.vlm.settings import ModelSettings
from tests.fakes.official_model import TEMPLATE, preferthinker

NEW_STYLE = """
from shared.prompting.styles.general.style import GeneralStyle


class Mine(GeneralStyle):
    name = "mine"


def open_style(template):
    return Mine()
"""


@pytest.fixture
def folder_of_a_new_style(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text(NEW_STYLE)
    styles.__path__.append(str(tmp_path))
    importlib.invalidate_caches()
    style_names.cache_clear()
    yield
    styles.__path__.remove(str(tmp_path))
    style_names.cache_clear()


@pytest.mark.usefixtures("folder_of_a_new_style")
def test_adding_a_style_is_adding_a_folder() -> None:
    assert "mine" in style_names()
    assert prompt_style("mine").name == "mine"
    assert ModelSettings(prompt_style="mine").prompt_style == "mine"


def test_an_unknown_style_is_refused_with_the_names_of_all() -> None:
    names = "compact or general or preferthinker"
    with pytest.raises(UnknownPromptStyle, match=names):
        prompt_style("official")
    with pytest.raises(ValueError, match=names):
        ModelSettings(prompt_style="official")


def test_the_version_changes_with_each_byte_of_the_template() -> None:
    other = prompt_style("preferthinker", template=TEMPLATE + b" ")
    assert other.version != preferthinker().version
    assert other.version.split("-")[0] == preferthinker().version.split("-")[0]


def test_a_template_is_read_from_its_file_and_is_part_of_a_package(tmp_path: Path) -> None:
    file = tmp_path / "official.txt"
    file.write_bytes(TEMPLATE)
    style = prompt_style("preferthinker", template=file)
    assert style == preferthinker()
    assert dict(style.package_files) == {"prompt_template.txt": TEMPLATE}


def test_a_missing_or_wrong_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadPromptTemplate, match="PREFERSTREAM_PROMPT_TEMPLATE"):
        prompt_style("preferthinker")
    with pytest.raises(BadPromptTemplate, match=r"nothing\.txt cannot be read"):
        prompt_style("preferthinker", template=tmp_path / "nothing.txt")
    with pytest.raises(BadPromptTemplate, match="it has none of them"):
        prompt_style("preferthinker", template=b"Which picture?")
