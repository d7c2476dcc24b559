"""Settings come from the environment; an error names the variable."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, PositiveFloat, SecretStr, model_validator

from shared.images.settings import ImageSettings
from shared.settings import InvalidSettings, from_environment, split_at_colons


class Example(BaseModel):
    """An example."""

    model_config = ConfigDict(frozen=True)

    folder: Path = Path("here")
    """A folder."""
    roots: tuple[str, ...] = ()
    """Several values."""
    wait_seconds: PositiveFloat = 2.0
    """A duration."""


@pytest.fixture(autouse=True)
def _no_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_variables_the_defaults_apply() -> None:
    assert from_environment(Example) == Example()


def test_a_variable_overrides_the_file_and_a_fixed_value_overrides_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("PREFERSTREAM_WAIT_SECONDS=3\nPREFERSTREAM_FOLDER=from-file\n")
    monkeypatch.setenv("PREFERSTREAM_WAIT_SECONDS", "4")
    assert from_environment(Example).wait_seconds == 4
    assert from_environment(Example).folder == Path("from-file")
    assert from_environment(Example, wait_seconds=5).wait_seconds == 5


def test_several_values_are_separated_by_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_ROOTS", "/a:/b")
    assert from_environment(Example).roots == ("/a", "/b")


def test_an_error_names_the_variable_and_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_WAIT_SECONDS", "soon")
    with pytest.raises(InvalidSettings, match=r"PREFERSTREAM_WAIT_SECONDS.*'soon'"):
        from_environment(Example)


class NamedModel(BaseModel):
    model: str = "ours"


def test_a_setting_may_be_called_model() -> None:
    assert from_environment(NamedModel, model="mine").model == "mine"


class WithSecret(BaseModel):
    """A secret setting, and the name that it needs."""

    key: SecretStr | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _key_has_a_name(self) -> "WithSecret":
        if self.key is not None and self.name is None:
            raise ValueError("a key needs a name")
        return self


def test_an_error_does_not_repeat_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_KEY", "swordfish")
    with pytest.raises(InvalidSettings) as error:
        from_environment(WithSecret)
    assert str(error.value) == "a key needs a name"
    assert error.value.__cause__ is None
    assert "swordfish" not in repr(from_environment(WithSecret, name="n"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("/a:/b", ("/a", "/b")),
        (r"/a\:b:/c", ("/a:b", "/c")),
        ("/a\\\\:/b", ("/a\\", "/b")),
        (r"/a\b", (r"/a\b",)),
        ("::/a::", ("/a",)),
        ("", ()),
    ],
)
def test_a_backslash_before_a_colon_keeps_it_in_the_value(
    text: str, parts: tuple[str, ...]
) -> None:
    assert split_at_colons(text) == parts


def test_a_tilde_at_the_start_of_a_path_is_the_home_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    for text, folder in {
        "~/data": "/home/ada/data", "~": "/home/ada", "~other/x": "~other/x", "/x/~/y": "/x/~/y",
    }.items():  # fmt: skip
        monkeypatch.setenv("PREFERSTREAM_FOLDER", text)
        assert from_environment(Example).folder == Path(folder)


def test_an_image_root_that_is_cut_at_its_colon_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "a:b"
    root.mkdir()
    monkeypatch.setenv("PREFERSTREAM_ALLOWED_FILE_ROOTS", str(root))
    with pytest.raises(InvalidSettings, match="write a backslash before it"):
        from_environment(ImageSettings)
    monkeypatch.setenv("PREFERSTREAM_ALLOWED_FILE_ROOTS", str(root).replace(":", r"\:"))
    assert from_environment(ImageSettings).allowed_file_roots == (root,)
